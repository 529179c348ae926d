package io.github.notearchive.report;

/** What a report looks like: light and dark, on a phone, on a screen, on paper. */
final class ReportStyle {

    static final String CSS = """
            :root { --good: #17692f; --good-back: #e6f4ea; --watch: #7a4d00; --watch-back: #fdf1d8; --bad: #a3161b; --bad-back: #fdeaea;
                    --plot: #2f6fd0; --plot-soft: #2f6fd026; }
            @media (prefers-color-scheme: dark) {
              :root { --good: #7fd99a; --good-back: #15301d; --watch: #f2c365; --watch-back: #36290d; --bad: #ff9c99; --bad-back: #3d1a1b;
                      --plot: #7fb0ff; --plot-soft: #7fb0ff2e; }
            }
            header, main, footer { max-width: 68rem; }
            header { padding-top: 1.5rem; }
            h1 { font-size: 1.6rem; letter-spacing: -0.01em; }
            h2 { font-size: 1.15rem; margin: 2.25rem 0 0.5rem; }
            h3 { font-size: 1rem; margin: 1.25rem 0 0.25rem; }
            code { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, monospace; font-size: 0.9em; background: var(--card);
                   border: 1px solid var(--line); border-radius: 0.25rem; padding: 0.05rem 0.3rem; }
            .verdict { border: 1px solid; border-left-width: 0.4rem; border-radius: 0.5rem; padding: 0.9rem 1.1rem 1rem; margin: 0.75rem 0 1rem; }
            .verdict p { font-size: 1.05rem; }
            .verdict p.exit { font-weight: 650; font-size: 1.2rem; line-height: 1.4; }
            .verdict.good { border-color: var(--good); background: var(--good-back); }
            .verdict.watch { border-color: var(--watch); background: var(--watch-back); }
            .verdict.bad { border-color: var(--bad); background: var(--bad-back); }
            .good .exit, td .good { color: var(--good); } .watch .exit, td .watch { color: var(--watch); }
            .bad .exit, td .bad { color: var(--bad); }
            td .good, td .watch, td .bad { font-weight: 600; }
            ol.next { margin: 0.25rem 0; padding-left: 1.4rem; } ol.next li { margin: 0.4rem 0; }
            dl.tiles { display: grid; gap: 0.75rem; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); margin: 1rem 0; }
            dl.tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.6rem 0.9rem 0.7rem; }
            dl.tiles dt { color: var(--soft); font-size: 0.85rem; }
            dl.tiles dd { margin: 0; } dl.tiles dd.figure { white-space: nowrap; font-size: 1.4rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
            .plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); margin: 0.75rem 0; }
            .plots.wide { grid-template-columns: 1fr; }
            figure.plot { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.75rem 1rem; }
            figcaption { font-weight: 600; margin-bottom: 0.5rem; }
            .axes { display: grid; grid-template-columns: auto 1fr; column-gap: 0.6rem; row-gap: 0.2rem; margin-top: 0.75rem; }
            .axes .y, .axes .x { display: flex; justify-content: space-between; color: var(--soft); font-size: 0.8rem; line-height: 1;
                                 font-variant-numeric: tabular-nums; }
            .axes .y { flex-direction: column; text-align: right; margin: -0.4rem 0; min-width: 2.2rem; }
            .axes .x { grid-column: 2; padding-top: 0.3rem; }
            svg { display: block; width: 100%; height: 8.5rem; overflow: visible; }
            .wide svg { height: 11rem; }
            svg path { vector-effect: non-scaling-stroke; fill: none; }
            svg .grid { stroke: var(--line); stroke-width: 1; }
            svg .bars { fill: var(--plot); } svg .area { fill: var(--plot-soft); }
            svg .line { stroke: var(--plot); stroke-width: 2; stroke-linejoin: round; }
            svg .mark { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 5 4; }
            .scroll { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.5rem 1rem 0.25rem; margin: 0.5rem 0 1rem; }
            .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
            table { width: 100%; }
            caption { padding-bottom: 0.4rem; }
            caption span { display: inline-block; max-width: min(62rem, calc(100vw - 5rem)); }
            thead th { color: var(--soft); font-weight: 600; font-size: 0.85rem; vertical-align: bottom; }
            tbody th { font-weight: 500; }
            tbody tr:last-child > * { border-bottom: 0; }
            td, th { vertical-align: top; }
            tr > :last-child { padding-right: 0; }
            td.text { white-space: normal; min-width: 11rem; }
            @media (min-width: 40.01rem) { td.text { min-width: 17rem; } }
            .none { color: var(--soft); }
            footer { border-top: 1px solid var(--line); margin-top: 2rem; padding-bottom: 2rem; }
            @media (max-width: 40rem) {
              h1 { font-size: 1.35rem; }
              dl.tiles { grid-template-columns: 1fr 1fr; gap: 0.5rem; }
              dl.tiles dd.figure { font-size: 1.25rem; }
              .scroll { padding: 0.5rem 0.75rem 0.25rem; }
              figure.plot { padding: 0.75rem; }
              table.stack, .stack tbody, .stack tr, .stack th, .stack td, .stack caption { display: block; width: auto; text-align: left; }
              .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
              .stack tr { border-bottom: 1px solid var(--line); padding: 0.5rem 0; }
              .stack tr:last-child { border-bottom: 0; }
              .stack tbody th, .stack td { border: 0; padding: 0.1rem 0; white-space: normal; }
              .stack td.number { text-align: left; }
              .stack [data-label]::before { content: attr(data-label) ": "; color: var(--soft); font-weight: 400; }
            }
            @media print {
              :root { color-scheme: light; --back: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --link: #000;
                      --good: #17692f; --good-back: #fff; --watch: #7a4d00; --watch-back: #fff; --bad: #a3161b; --bad-back: #fff;
                      --plot: #2f6fd0; --plot-soft: #2f6fd026; }
              @page { size: A4; margin: 14mm 12mm; }
              html { font-size: 9.5pt; }
              body { line-height: 1.45; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
              header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
              h1 { font-size: 16pt; } h2 { font-size: 12pt; margin-top: 1.1rem; }
              h2, h3, caption, figcaption { break-after: avoid; }
              figure, tr, .verdict, dl.tiles > div, ol.next li { break-inside: avoid; }
              thead { display: table-header-group; }
              .scroll { overflow: visible; border: 0; padding: 0; }
              caption span { max-width: none; }
              table { font-size: 8pt; } th, td { padding: 0.15rem 0.6rem 0.15rem 0; overflow-wrap: normal; }
              td.text { min-width: 0; overflow-wrap: anywhere; }
              dl.tiles { grid-template-columns: repeat(6, 1fr); gap: 0.4rem; }
              dl.tiles dd.figure { font-size: 12pt; }
              svg { height: 7rem; } .wide svg { height: 8.5rem; }
              a { text-decoration: none; }
            }
            """;

    private ReportStyle() {}
}
