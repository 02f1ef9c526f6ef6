import './zodWithoutEval.ts';
import './language.ts';
import 'uplot/dist/uPlot.min.css';
import './styles/page.css';
import './styles/views.css';
import './styles/compare.css';
import './styles/rows.css';
import './styles/runTable.css';
import { render } from 'lit';
import type { TemplateResult } from 'lit';
import * as z from 'zod';
import { appView } from './appView.ts';
import { Bridge } from './bridge.ts';
import type { HostApi, Told } from './bridge.ts';
import { compareView } from './compareView.ts';
import { CompareController } from './compareController.ts';
import { Controller } from './controller.ts';
import { RunTableController } from './runTableController.ts';
import { runTableView } from './runTableView.ts';
import { defineLossChart } from './lossChart.ts';
import { defineScoreChart } from './scoreChart.ts';
import { defineControls } from './toolkit.ts';
import { defineWindowList } from './windowList.ts';

declare function acquireVsCodeApi(): HostApi;

/** What the page shows. All of it is kept, so that the host can restore the panel. */
const viewSchema = z.looseObject({ kind: z.enum(['run', 'comparison', 'runTable']) });

/** One kind of page: takes what the host says, and draws what there is once there is something. */
interface Page {
  told(message: Told): void;
  readonly kept: object;
}

function start(root: HTMLElement): void {
  const api = acquireVsCodeApi();
  const view = viewSchema.parse(JSON.parse(root.dataset['view'] ?? 'null'));
  const bridge = new Bridge(api, (message) => page.told(message));
  const save = (kept: object): void => api.setState({ view, ...kept });
  const draw = drawer(root, bridge);
  const page = pages[view.kind](bridge, draw, save, api);
  save(page.kept);
  window.addEventListener('message', ({ data }: MessageEvent<unknown>) => bridge.receive(data));
  window.addEventListener('error', ({ error, message }) => bridge.tellBug(error ?? message));
  bridge.ready();
}

type Draw = (template: () => TemplateResult) => void;
type Save = (kept: object) => void;

function runPage(bridge: Bridge, draw: Draw, save: Save, api: HostApi): Page {
  const controller: Controller = new Controller(
    { bridge, save, draw: (model) => model.snapshot !== null && draw(() => appView(controller.model, controller)) },
    api.getState(),
  );
  return { told: (message) => controller.told(message), kept: controller.model.kept };
}

function comparePage(bridge: Bridge, draw: Draw, save: Save, api: HostApi): Page {
  const controller: CompareController = new CompareController(
    {
      bridge,
      save,
      draw: ({ comparison }) => comparison !== null && draw(() => compareView(controller.model, controller)),
    },
    api.getState(),
  );
  return { told: (message) => controller.told(message), kept: controller.model.kept };
}

function runTablePage(bridge: Bridge, draw: Draw, save: Save, api: HostApi): Page {
  const controller: RunTableController = new RunTableController(
    { bridge, save, draw: ({ table }) => table !== null && draw(() => runTableView(controller.model, controller)) },
    api.getState(),
  );
  return { told: (message) => controller.told(message), kept: controller.model.kept };
}

const pages = { run: runPage, comparison: comparePage, runTable: runTablePage } as const;

/** Draws once for many changes of one moment. What the host put there stays until the first drawing. */
function drawer(root: HTMLElement, bridge: Bridge): Draw {
  let waiting = false;
  let first = true;
  let latest: () => TemplateResult;
  return (template) => {
    latest = template;
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      try {
        if (first) root.replaceChildren();
        first = false;
        render(latest(), root);
      } catch (error) {
        bridge.tellBug(error);
      }
    });
  };
}

defineControls();
defineWindowList();
defineLossChart();
defineScoreChart();
start(document.getElementById('app')!);
