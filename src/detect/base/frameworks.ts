import { builtInMetricNames } from '../../data/builtInMetrics.ts';
import type { Framework } from './found.ts';
import type { Language } from './languages.ts';

/**
 * What a predictor of the framework consists of: a predictor itself, or attributes that do. `argument` is a module
 * that it is given.
 */
export type Shape = 'predictor' | 'argument' | { readonly [attribute: string]: Shape };

const reasoned: Shape = { predict: 'predictor' };

/** DSPy 3: `dspy/predict/*.py`, the attributes that each constructor sets; the last two are of DSPy 2. */
const dspyShapes: Readonly<Record<string, Shape>> = {
  Predict: 'predictor',
  ChainOfThought: reasoned,
  ReAct: { react: 'predictor', extract: reasoned },
  ReActV2: { react: 'predictor' },
  ProgramOfThought: { code_generate: reasoned, code_regenerate: reasoned, generate_output: reasoned },
  CodeAct: { codeact: 'predictor', extractor: reasoned },
  MultiChainComparison: { predict: 'predictor' },
  RLM: { generate_action: 'predictor', extract: 'predictor' },
  BestOfN: { module: 'argument' },
  Refine: { module: 'argument' },
  TypedPredictor: { predictor: 'predictor' },
  TypedChainOfThought: { predictor: 'predictor' },
};

const ownShapes: Readonly<Record<string, Shape>> = { Predict: 'predictor', ChainOfThought: reasoned };

/** The shape of what a class of the framework makes; `null` for anything that is not a predictor. */
export function shapeOf(framework: Framework, name: string): Shape | null {
  const shapes = framework === 'dspy' ? dspyShapes : ownShapes;
  return Object.hasOwn(shapes, name) ? shapes[name]! : null;
}

/** Metrics that come with the framework: classes and functions that make one, or are one. */
export const readyMetrics: Readonly<Record<Framework, ReadonlySet<string>>> = {
  dspy: new Set(['SemanticF1', 'CompleteAndGrounded', 'answer_exact_match', 'answer_passage_match']),
  bettertogether: new Set(builtInMetricNames),
};

/** The framework's package, and the way into it, of `import … from module`; `null` for other packages. */
export function frameworkOf(
  language: Language,
  module: string,
): { readonly framework: Framework; readonly path: readonly string[] } | null {
  const framework: Framework = language === 'python' ? 'dspy' : 'bettertogether';
  const [first, ...path] = module.split(language === 'python' ? '.' : '/');
  return first === framework ? { framework, path } : null;
}
