/**
 * The controls, and the one place that knows where they come from: `@vscode/webview-ui-toolkit` is archived upstream.
 * A replacement defines the same elements: vscode-button, vscode-dropdown, vscode-option, vscode-panels,
 * vscode-panel-tab, vscode-panel-view, vscode-text-field.
 *
 * Its badge and its progress ring write `style` attributes, which the page's security policy forbids: they are not used.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodePanels,
  vsCodePanelTab,
  vsCodePanelView,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';

export function defineControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodePanels(),
    vsCodePanelTab(),
    vsCodePanelView(),
    vsCodeTextField(),
  );
}
