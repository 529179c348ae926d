package io.github.notearchive.export;

import io.github.notearchive.report.Html;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** HTML page that lists notes and links to the other index pages. */
final class IndexPage {

    /** Number of notes on a page. */
    static final int NOTES = 60;

    private static final int NEIGHBOURS = 2;

    private IndexPage() {}

    /** Note and its directory. */
    record Entry(String directory, Row note) {}

    static String name(int page) {
        return page == 1 ? "index.html" : "index-" + page + ".html";
    }

    /**
     * Returns the page.
     *
     * @param page number of the page, from 1
     * @param total number of notes on all pages
     */
    static String of(int page, long total, List<Entry> entries) {
        long pages = Math.max(1, (total + NOTES - 1) / NOTES);
        Html html = Html.pageWithFiles("Notes" + (page == 1 ? "" : ", page " + page), FolderStyle.CSS);
        html.raw("<header>\n<h1>Notes</h1>\n<p class=\"soft\">")
                .text(total)
                .raw(total == 1 ? " note" : " notes")
                .raw(pages == 1 ? "" : ", page " + page + " of " + pages)
                .raw("; times are those of Shanghai</p>\n</header>\n<main>\n<ul class=\"cards\">\n");
        entries.forEach(entry -> card(html, entry));
        html.raw("</ul>\n</main>\n");
        if (pages > 1) {
            pages(html, page, pages);
        }
        return html.end();
    }

    private static void card(Html html, Entry entry) {
        Row note = entry.note();
        html.raw("<li><a href=\"").path(entry.directory() + "/index.html").raw("\">\n");
        String picture = picture(note);
        if (picture == null) {
            html.raw("<span class=\"none\" aria-hidden=\"true\">no picture</span>\n");
        } else {
            html.raw("<img loading=\"lazy\" decoding=\"async\" alt=\"\" src=\"")
                    .path(entry.directory() + "/" + picture)
                    .raw("\">\n");
        }
        html.raw("<div>\n<h2 dir=\"auto\"" + NotePage.language(note) + ">")
                .text(NotePage.title(note))
                .raw("</h2>\n<p class=\"soft\">");
        String author = note.text("author_nickname");
        if (author != null) {
            html.raw("<bdi>").text(author).raw("</bdi> ");
        }
        Instant published = note.time("published_at");
        if (published != null) {
            html.time(published);
        }
        html.raw("</p>\n</div>\n</a></li>\n");
    }

    /** Returns the first image that every browser displays. */
    private static @Nullable String picture(Row note) {
        for (Row file : note.rows("media")) {
            String path = file.text("path");
            if (path != null && NotePage.isPicture(file) && NotePage.isShownEverywhere(file)) {
                return path;
            }
        }
        return null;
    }

    private static void pages(Html html, int page, long pages) {
        html.raw("<nav aria-label=\"Pages\">\n<ul class=\"pages\">\n");
        long last = 0;
        for (long other = 1; other <= pages; other++) {
            boolean near = Math.abs(other - page) <= NEIGHBOURS;
            if (!near && other != 1 && other != pages) {
                continue;
            }
            if (other != last + 1) {
                html.raw("<li><span aria-hidden=\"true\">…</span></li>\n");
            }
            last = other;
            html.raw("<li><a href=\"")
                    .path(name((int) other))
                    .raw(other == page ? "\" aria-current=\"page\">" : "\">")
                    .text(other)
                    .raw("</a></li>\n");
        }
        html.raw("</ul>\n</nav>\n");
    }
}
