/** The models of the editor (`vscode.lm`) as an endpoint: what it is known by, where other endpoints have an address. */

/**
 * What a program's code names as `api_base` to ask them, and memo keys name. No host answers to `.invalid` (RFC 6761), so
 * that nothing is sent anywhere by mistake: a run asks the window that it finds instead.
 */
export const editorBaseURL = 'http://vscode-models.invalid/v1';

/** Where data goes that is sent to them, as people know it. */
export const editorPlace = 'the models of VS Code and their vendors';

/** What errors of a run call them. */
export const editorName = 'models of VS Code';
