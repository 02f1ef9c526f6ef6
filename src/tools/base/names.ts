/** The names of the tools, as models and package.json know them. */
export const listProgramsTool = 'bettertogether_list_programs';
export const statusTool = 'bettertogether_get_status';
export const failuresTool = 'bettertogether_list_failures';
export const traceTool = 'bettertogether_show_trace';
export const compareTool = 'bettertogether_compare_runs';
export const priceTool = 'bettertogether_get_price';
export const evaluateTool = 'bettertogether_evaluate_program';
export const optimizeTool = 'bettertogether_optimize_program';
export const cancelTool = 'bettertogether_cancel_run';
export const exportTool = 'bettertogether_export_program';

/** In the order in which they are listed. */
export const toolNames = [
  listProgramsTool,
  statusTool,
  failuresTool,
  traceTool,
  compareTool,
  priceTool,
  evaluateTool,
  optimizeTool,
  cancelTool,
  exportTool,
] as const;
export type ToolName = (typeof toolNames)[number];
