package io.github.notearchive.export;

import io.github.notearchive.report.Pages;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Model of the template {@code export/index}: a page that lists notes and links to the other index pages.
 *
 * @param number number of the page, from 1
 * @param total number of notes on all pages
 */
record IndexPage(int number, long total, List<Entry> entries) {

    /** Number of notes on a page. */
    static final int NOTES = 60;

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
        return Math.max(1, Math.ceilDiv(total, NOTES));
    }

    /** Returns the numbers of the first, the last and the neighbouring pages. */
    List<Long> links() {
        return LongStream.of(1, number - 1L, number, number + 1L, pages())
                .filter(page -> page >= 1 && page <= pages())
                .distinct()
                .boxed()
                .toList();
    }
}
