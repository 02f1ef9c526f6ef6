/** Errors of servers that cannot load a model, and will not by being asked again: too little memory, or a form they do not know. */

const cannotLoad = new RegExp(
  [
    // Ollama
    'requires more (system|gpu) memory',
    '^unable to load model\\b',
    'process has terminated:[^]{0,60}error loading model',
    // llama.cpp, and what is built on it
    '(unknown|unsupported) model architecture',
    'unable to allocate \\S+ buffer',
    // LM Studio
    'insufficient system resources',
    // Hugging Face
    'too large to be loaded automatically',
  ].join('|'),
  'i',
);

/** @param text of an error, as it came. */
export const cannotLoadModel = (text: string): boolean => cannotLoad.test(text);
