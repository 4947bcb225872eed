"""The looks of the report: light and dark, on paper, nothing fetched."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--bg:#f3f0ea;--surface:#fff;--line:#e5e0d8;--ink:#1c2429;
--ink-2:#485259;--accent:#0b5f6b;--fault:#a23c1c;--warning:#7a5a00;--measured:#0b5f6b;
--registered:#4a76c9;--tagged:#b27c26;--estimated:#868d92;--unknown:#c9c8c4;--missing:#fff}
@media (prefers-color-scheme:dark){:root{--bg:#171d22;--surface:#1b2228;--line:#333e47;
--ink:#edf1f3;--ink-2:#bec8cf;--accent:#62c4cf;--fault:#f2a384;--warning:#e8c66a;
--measured:#62c4cf;--registered:#7f9fe0;--tagged:#d9a857;--estimated:#77828a;--unknown:#4a5157;
--missing:#1b2228}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:15px/22px Figtree,system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:30px;line-height:38px;margin:0 0 4px}
h2{font-size:21px;line-height:28px;margin:40px 0 8px}
h3{font-size:17px;line-height:24px;margin:0 0 8px}
p{max-width:76ch;margin:0 0 12px}.quiet{color:var(--ink-2)}code{overflow-wrap:anywhere}
a{color:var(--accent)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:12px}
.card,figure{background:var(--surface);border:1px solid var(--line);border-radius:8px;padding:16px}
.card b{display:block;font-size:26px;line-height:32px;font-weight:650}
figure{margin:0 0 12px;display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:16px 24px}
figcaption{grid-column:1/-1;margin:0}
svg{width:100%;height:auto;align-self:start}
svg text{font:16px Figtree,system-ui,sans-serif;fill:var(--ink)}
svg .tick,svg .count{text-anchor:middle;font-size:15px}svg .tick,svg .unit{fill:var(--ink-2)}
svg .unit,svg .value{text-anchor:end}
.bar{fill:var(--accent)}.axis{stroke:var(--ink-2);fill:none}
.kind-measured{fill:var(--measured);background:var(--measured)}
.kind-registered{fill:var(--registered);background:var(--registered)}
.kind-tagged{fill:var(--tagged);background:var(--tagged)}
.kind-estimated{fill:var(--estimated);background:var(--estimated)}
.kind-unknown{fill:var(--unknown);background:var(--unknown)}
.kind-missing{fill:var(--missing);background:var(--missing);stroke:var(--ink-2);stroke-width:.5}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:0 0 12px;padding:0}
.legend i{display:inline-block;width:14px;height:14px;border-radius:3px;margin-right:6px;
vertical-align:-2px;border:1px solid var(--line)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;line-height:20px}
th,td{text-align:left;vertical-align:top;padding:4px 10px 4px 0;border-bottom:1px solid var(--line)}
th{font-weight:540}thead th{color:var(--ink-2)}
.n{text-align:right}td.n{white-space:nowrap}
thead .n{vertical-align:bottom}
.fault{color:var(--fault);font-weight:650}.warning{color:var(--warning);font-weight:650}
.notice{border-left:4px solid var(--warning);padding:8px 12px;background:var(--surface)}
@media (max-width:800px){figure{grid-template-columns:minmax(0,1fr)}}
@media print{:root{--bg:#fff}body{font-size:10pt;line-height:14pt}main{padding:0;max-width:none}
figure,.card,tr{break-inside:avoid}h2,h3{break-after:avoid}
svg rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.legend i{print-color-adjust:exact;-webkit-print-color-adjust:exact}.scroll{overflow:visible}}
"""
