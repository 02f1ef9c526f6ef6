import './zodWithoutEval.ts';
import 'uplot/dist/uPlot.min.css';
import './styles/page.css';
import './styles/views.css';
import { render } from 'lit';
import * as z from 'zod';
import { appView } from './appView.ts';
import { Bridge } from './bridge.ts';
import type { HostApi } from './bridge.ts';
import { Controller } from './controller.ts';
import { defineLossChart } from './lossChart.ts';
import type { Model } from './model.ts';
import { defineControls } from './toolkit.ts';
import { defineWindowList } from './windowList.ts';

declare function acquireVsCodeApi(): HostApi;

const locationSchema = z.object({ id: z.string(), folder: z.string() });

function start(root: HTMLElement): void {
  const api = acquireVsCodeApi();
  const run = locationSchema.parse(JSON.parse(root.dataset['run'] ?? 'null'));
  let drawing = false;
  let latest: Model;
  const draw = (model: Model): void => {
    latest = model;
    if (drawing) return;
    drawing = true;
    queueMicrotask(() => {
      drawing = false;
      try {
        render(appView(latest, controller), root);
      } catch (error) {
        bridge.tellBug(error);
      }
    });
  };
  const bridge = new Bridge(api, (snapshot) => controller.snapshot(snapshot));
  // What is kept names the run, so that the host can restore the panel.
  const save = (kept: object): void => api.setState({ run, ...kept });
  const controller = new Controller({ bridge, draw, save }, api.getState());
  save(controller.model.kept);
  window.addEventListener('message', ({ data }: MessageEvent<unknown>) => bridge.receive(data));
  window.addEventListener('error', ({ error, message }) => bridge.tellBug(error ?? message));
  root.replaceChildren();
  draw(controller.model);
  bridge.ready();
}

defineControls();
defineWindowList();
defineLossChart();
start(document.getElementById('app')!);
