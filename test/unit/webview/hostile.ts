/** A hundred things a model or a data file could write to get out of the page. */
const payloads = [
  '<script>window.pwned = 1</script>',
  '<img src=x onerror="window.pwned = 1">',
  '<svg onload="window.pwned = 1"><circle r=1></svg>',
  '<iframe srcdoc="<script>parent.pwned = 1</script>"></iframe>',
  '<iframe src="javascript:parent.pwned = 1"></iframe>',
  '<a href="javascript:window.pwned = 1">click</a>',
  '<a href="command:workbench.action.terminal.new">click</a>',
  '<body onload="window.pwned = 1">',
  '<input autofocus onfocus="window.pwned = 1">',
  '<details open ontoggle="window.pwned = 1">',
  '<video><source onerror="window.pwned = 1"></video>',
  '<math><mtext></mtext><mglyph><style><img src=x onerror="window.pwned = 1"></style></mglyph></math>',
  '<template shadowrootmode="open"><script>window.pwned = 1</script></template>',
  '<link rel="stylesheet" href="https://evil.test/a.css">',
  '<style>@import url(https://evil.test/a.css); * { display: none }</style>',
  '<meta http-equiv="refresh" content="0; url=https://evil.test">',
  '<base href="https://evil.test/">',
  '<form action="https://evil.test"><button>send</button></form>',
  '<object data="https://evil.test/a.swf"></object>',
  '<embed src="https://evil.test/a.swf">',
] as const;

/** Ways of getting a payload past something that looks at strings. */
const wrappings: readonly ((payload: string) => string)[] = [
  (payload) => payload,
  (payload) => `</pre></span></div></textarea></title></script>${payload}`,
  (payload) => `"'>--></style>${payload}<!--`,
  (payload) => `\${${JSON.stringify(payload)}} {{${payload}}} <!--?lit$123$-->${payload}\u0000`,
  (payload) => payload.replaceAll('<', '\u202e<').toUpperCase(),
];

export const hostileStrings: readonly string[] = wrappings.flatMap((wrap) => payloads.map(wrap));
