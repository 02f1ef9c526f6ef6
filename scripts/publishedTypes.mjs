/**
 * The SDK's declarations as they are published: those that the entry leads to, with plain types in place of the schemas
 * that they are inferred from. So the zod of a user has to fit what users hand over, and not what we check by.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/**
 * @param types the folder of `tsc`'s declarations.
 * @param entry a file in it.
 * @param to where the published ones go, in the same places.
 */
export function writePublishedTypes(types, entry, to) {
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true, types: [] };
  const program = ts.createProgram([join(types, entry)], { ...options, exactOptionalPropertyTypes: true });
  const published = new Map();
  const publish = (file) => {
    if (published.has(file.fileName)) return;
    const text = withoutSchemas(file, program.getTypeChecker());
    published.set(file.fileName, text);
    for (const other of importsOf(text, file.fileName)) publish(program.getSourceFile(other));
  };
  publish(program.getSourceFile(join(types, entry)));
  for (const [name, text] of published) {
    const file = join(to, relative(types, name));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, forUsers(text));
  }
}

/** zod by the path that means zod 4 in either version that may be installed, and files by the ending that all know. */
const forUsers = (text) => text.replaceAll("'zod'", "'zod/v4'").replaceAll(/'(\.[^']*)\.ts'/g, "'$1.js'");

const importsOf = (text, from) =>
  [...text.matchAll(/(?:from |import\()'(\.[^']*)\.ts'/g)].map(([, path]) => `${resolve(dirname(from), path)}.d.ts`);

function withoutSchemas(file, checker) {
  const edits = [];
  const visit = (node) => {
    if (ts.isVariableStatement(node) && /^(export )?declare const \w+Schema: /.test(node.getText())) {
      edits.push({ node, text: '' });
    } else if (ts.isTypeReferenceNode(node) && /^z\.infer<typeof \w+>$/.test(node.getText())) {
      edits.push({ node, text: plain(checker, node, file.fileName) });
    } else ts.forEachChild(node, visit);
  };
  visit(file);
  let text = file.text;
  for (const { node, text: replacement } of edits.reverse()) {
    text = text.slice(0, node.getFullStart() + leading(node, replacement)) + replacement + text.slice(node.end);
  }
  return withoutUnusedImports(text);
}

/** What stands before a type stays; a statement goes with its comment. */
const leading = (node, replacement) => (replacement === '' ? 0 : node.getStart() - node.getFullStart());

function plain(checker, node, from) {
  const { NoTruncation, UseFullyQualifiedType, UseSingleQuotesForStringLiteralType, InTypeAlias } = ts.TypeFormatFlags;
  const flags = NoTruncation | UseFullyQualifiedType | UseSingleQuotesForStringLiteralType | InTypeAlias;
  return checker
    .typeToString(checker.getTypeFromTypeNode(node), node, flags)
    .replaceAll(/import\("([^"]*)"\)/g, (_, path) => {
      const place = relative(dirname(from), path.replace(/(\.d)?\.ts$/, ''));
      return `import('${place.startsWith('.') ? place : `./${place}`}.ts')`;
    });
}

/** Imports of one name or a namespace in a line, as `tsc` writes them, without the names that are used no more. */
function withoutUnusedImports(text) {
  const used = (name) => text.match(new RegExp(`\\b${name}\\b`, 'g')).length > 1;
  return text
    .replaceAll(/^import (?:type )?\* as (\w+) from [^\n]*\n/gm, (line, name) =>
      new RegExp(`\\b${name}\\.`).test(text) ? line : '',
    )
    .replaceAll(/^import (type )?\{ ([^}]*) \} from ([^\n]*)\n/gm, (_, type = '', names, from) => {
      const kept = names.split(', ').filter(used);
      return kept.length === 0 ? '' : `import ${type}{ ${kept.join(', ')} } from ${from}\n`;
    });
}
