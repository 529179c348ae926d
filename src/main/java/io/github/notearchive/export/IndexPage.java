package io.github.notearchive.export;

import io.github.notearchive.report.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Model of the template {@code export/index}: a page that lists notes and links to the other index pages.
 *
 * @param number number of the page, from 1
 * @param total number of notes on all pages
 */
record IndexPage(int number, long total, List<Entry> entries) {

    /** Number of notes on a page. */
    static final int NOTES = 60;

    /** Marks omitted pages in {@link #links}. */
    static final long GAP = 0;

    private static final int NEIGHBOURS = 2;

    /** Note and its directory. */
    record Entry(String directory, NotePage note) {}

    static String name(long page) {
        return page == 1 ? "index.html" : "index-" + page + ".html";
    }

    String render() {
        return Pages.render("export/index", Map.of("page", this));
    }

    String title() {
        return "Notes" + (number == 1 ? "" : ", page " + number);
    }

    long pages() {
        return Math.max(1, (total + NOTES - 1) / NOTES);
    }

    /** Returns the numbers of the first, the last and the neighbouring pages. */
    List<Long> links() {
        List<Long> links = new ArrayList<>();
        for (long page = 1; page <= pages(); page++) {
            if (page == 1 || page == pages() || Math.abs(page - number) <= NEIGHBOURS) {
                links.add(page);
            } else if (links.getLast() != GAP) {
                links.add(GAP);
            }
        }
        return links;
    }
}
