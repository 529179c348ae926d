package io.github.notearchive.export;

/** Style sheet of the HTML pages of a folder export. */
final class FolderStyle {

    static final String CSS = """
            .text { white-space: pre-wrap; }
            ul.cards { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem;
                       grid-template-columns: repeat(auto-fill, minmax(min(100%, 10rem), 1fr)); }
            ul.cards > li { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; overflow: hidden; }
            ul.cards a { display: block; height: 100%; color: inherit; text-decoration: none; }
            ul.cards a:focus-visible { outline-offset: -3px; }
            ul.cards img, ul.cards .none { display: block; width: 100%; aspect-ratio: 4 / 5; object-fit: cover;
                                           background: var(--line); }
            ul.cards .none { display: grid; place-items: center; color: var(--soft); }
            ul.cards div { padding: 0.5rem 0.75rem 0.75rem; }
            ul.cards h2 { font-size: 1rem; line-height: 1.4; margin: 0; }
            ul.cards a:hover h2 { text-decoration: underline; }
            ul.tags, ul.pages { list-style: none; display: flex; flex-wrap: wrap; gap: 0.5rem; padding: 0; margin: 0.75rem 0; }
            ul.tags li { border: 1px solid var(--line); border-radius: 1rem; padding: 0 0.7rem; }
            ul.pages a, ul.pages span { display: inline-block; min-width: 2.75rem; padding: 0.5rem; text-align: center;
                                        border: 1px solid var(--line); border-radius: 0.4rem; }
            .media { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr));
                     align-items: start; }
            figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; overflow: hidden; }
            figure img, figure video { display: block; width: 100%; height: auto; max-height: 85vh; object-fit: contain;
                                       background: #0000000d; }
            figure audio { display: block; width: 100%; padding: 0.5rem; }
            figcaption { padding: 0.4rem 0.75rem; color: var(--soft); font-size: 0.9rem; }
            """;

    private FolderStyle() {}
}
