/** What detection tells of the fields of signatures, and of what a program is called with. */
import { describe, expect, it } from 'vitest';
import { fieldsOf, fieldsOfText } from '../../../src/detect/base/signatureFields.ts';
import { detectorOf, inPython } from './memoryFiles.ts';

const program = (signatures: string, made: string, forward = 'def forward(self, ticket): ...') => `import dspy
${signatures}

class Triage(dspy.Module):
    def __init__(self):
        super().__init__()
        self.route = ${made}

    ${forward}
`;

const gist = { inputs: ['ticket'], outputs: ['gist'] };

async function fieldsIn(source: string) {
  const { programs } = await inPython(source);
  const { predictors } = programs.find(({ name }) => name === 'Triage')!;
  return fieldsOf(predictors[0]!);
}

describe('fields of signatures', () => {
  it.each([
    [
      'a class',
      'class Gist(dspy.Signature):\n    """Sum up."""\n    ticket: str = dspy.InputField()\n    gist: str = dspy.OutputField(desc="short")',
      'dspy.ChainOfThought(Gist)',
    ],
    [
      'a class without types',
      'class Gist(dspy.Signature):\n    ticket = dspy.InputField(desc="one")\n    gist = dspy.OutputField()',
      'dspy.Predict(signature=Gist)',
    ],
    [
      'fields in Annotated',
      'from typing import Annotated, Literal\nclass Gist(dspy.Signature):\n    ticket: Annotated[str, dspy.InputField(desc="a, b")]\n    gist: Annotated[Literal["x", "y"], dspy.OutputField()]',
      'dspy.Predict(Gist)',
    ],
    [
      'names of the fields imported',
      'from dspy import InputField as In, OutputField as Out\nclass Gist(dspy.Signature):\n    ticket: list[str] = In()\n    gist: dict[str, list[int]] = Out()',
      'dspy.Predict(Gist)',
    ],
    [
      'a class that inherits',
      'class Asked(dspy.Signature):\n    ticket: str = dspy.InputField()\nclass Gist(Asked):\n    gist: str = dspy.OutputField()',
      'dspy.Predict(Gist)',
    ],
    [
      'a class with further instructions',
      'class Gist(dspy.Signature):\n    ticket = dspy.InputField()\n    gist = dspy.OutputField()',
      'dspy.Predict(Gist.with_instructions("Be short."))',
    ],
    [
      'a class that is changed',
      'class Gist(dspy.Signature):\n    ticket = dspy.InputField()\n    extra = dspy.InputField()',
      'dspy.Predict(Gist.append("gist", dspy.OutputField(), type_=str).delete("extra"))',
    ],
    ['a call with a string', '', 'dspy.Predict(dspy.Signature("ticket -> gist", "Sum up."))'],
    ['a string with types', '', 'dspy.Predict("ticket: dict[str, list[str]] -> gist: Literal[\'a, b\']")'],
    [
      'a dictionary',
      '',
      'dspy.Predict(dspy.Signature({"ticket": dspy.InputField(), "gist": (str, dspy.OutputField())}))',
    ],
  ])('are those of %s', async (_, signatures, made) => {
    expect(await fieldsIn(program(signatures, made))).toEqual(gist);
  });

  it('are those of a class in another file', async () => {
    const { detector } = detectorOf({
      'app/signatures.py':
        'import dspy\nclass Gist(dspy.Signature):\n    ticket: str = dspy.InputField()\n    gist: str = dspy.OutputField()\n',
      'app/triage.py': program('from .signatures import Gist', 'dspy.ChainOfThought(Gist)'),
    });
    await detector.scan();
    expect(fieldsOf(detector.found().programs[0]!.predictors[0]!)).toEqual(gist);
  });

  it('are none where the source does not say', async () => {
    expect(await fieldsIn(program('from elsewhere import Gist', 'dspy.Predict(Gist)'))).toEqual({
      inputs: [],
      outputs: [],
    });
    expect(fieldsOfText('a -> b -> c')).toEqual({ inputs: [], outputs: [] });
  });
});

describe('what a program is called with', () => {
  it.each([
    ['def forward(self, ticket): ...', { required: ['ticket'], optional: [], others: false }],
    [
      'async def aforward(self, ticket: str, *, urgent: bool = False): ...',
      { required: ['ticket'], optional: ['urgent'], others: false },
    ],
    ['def forward(self, **kwargs): ...', { required: [], optional: [], others: true }],
  ])('is told by %s', async (forward, inputs) => {
    const { programs } = await inPython(program('', 'dspy.Predict("ticket -> gist")', forward));
    expect(programs[0]!.inputs).toEqual(inputs);
  });

  it('is told by the method that is inherited', async () => {
    const { programs } = await inPython(
      `${program('', 'dspy.Predict("ticket -> gist")')}\nclass Second(Triage):\n    pass\n`,
    );
    expect(programs.find(({ name }) => name === 'Second')!.inputs).toEqual({
      required: ['ticket'],
      optional: [],
      others: false,
    });
  });
});
