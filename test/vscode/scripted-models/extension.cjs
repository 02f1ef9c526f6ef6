/** A chat model that answers by what it is asked, and notes each question in the file that BT_SCRIPTED_LOG names. */
const { appendFileSync } = require('node:fs');
const vscode = require('vscode');

const information = {
  id: 'writer-1',
  name: 'Writer',
  family: 'writer',
  version: '1',
  maxInputTokens: 32000,
  maxOutputTokens: 4000,
  capabilities: {},
};

const wordsOf = { hint: 'A hint names the place.', answer: 'An answer is looked up.' };

function answerTo(prompt) {
  const predictor = /# The step\n\n(\w+): /.exec(prompt)?.[1];
  if (predictor === undefined) return 'Rows hold a question and an answer.';
  return `\`\`\`\nMind this (${prompt.length}).\n${wordsOf[predictor]}\n\`\`\``;
}

function textOf({ content }) {
  return content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
}

exports.activate = (context) => {
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider('scripted', {
      provideLanguageModelChatInformation: () => [information],
      provideLanguageModelChatResponse: async (_model, messages, _options, progress) => {
        const prompt = messages.map(textOf).join('\n');
        appendFileSync(process.env.BT_SCRIPTED_LOG, `${JSON.stringify({ prompt })}\n`);
        // Slow enough for a window to be closed in the middle of a search.
        await new Promise((resolve) => setTimeout(resolve, prompt.length < 100 ? 0 : 1500));
        progress.report(new vscode.LanguageModelTextPart(answerTo(prompt)));
      },
      provideTokenCount: (_model, text) => Math.ceil((typeof text === 'string' ? text : textOf(text)).length / 4),
    }),
  );
};
