package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;

/** Checks basic accessibility of a page, and that it loads nothing. Does not replace a browser. */
public final class PageChecks {

    private static final Set<String> EMPTY = Set.of("meta", "path");

    private PageChecks() {}

    /** Fails unless the page is complete, of itself only, and can be read by everybody. */
    public static void assertValid(String page) {
        assertThat(page)
                .containsPattern("\\A<!DOCTYPE html>\n<html lang=\"(en|zh)\">")
                .endsWith("</html>\n");
        assertThat(page)
                .as("nothing runs, nothing is fetched")
                .doesNotContain("<script", "<iframe", "<img", "<link", "@import")
                .doesNotContainPattern("<[^>]*\\s(on[a-z]+|src|style)=")
                .doesNotContainPattern("href=\"(?!#|(https://www\\.xiaohongshu\\.com/explore|/notes)/[0-9a-f]{24}\")");
        String style = only(page, "<style>(.*?)</style>");
        assertThat(page).contains("default-src &#39;none&#39;; style-src &#39;sha256-" + sha256(style) + "&#39;");
        assertThat(style)
                .doesNotContain("url(")
                .contains("prefers-color-scheme: dark", "@media print", "max-width: 40rem");
        assertBalanced(page);
        assertThat(all(page, "<table[^>]*>\\n<caption>")).hasSameSizeAs(all(page, "<table"));
        assertThat(all(page, "<th[ >]")).hasSameSizeAs(all(page, "<th scope=\"(col|row)\""));
        assertThat(all(page, "<svg")).hasSameSizeAs(all(page, "<svg [^>]*role=\"img\" aria-label=\"[^\"]{5,}\""));
        assertStacked(page);
        assertThat(all(page, "<h1")).hasSize(1);
        assertThat(all(page, "<main>")).hasSize(1);
        List<String> ids = groups(page, " id=\"([^\"]+)\"");
        assertThat(ids).doesNotHaveDuplicates().containsAll(groups(page, "href=\"#([^\"]+)\""));
        assertThat(ids).containsAll(groups(page, "aria-labelledby=\"([^\"]+)\""));
    }

    /** Where rows are stacked each cell says which heading it has, in their order. */
    private static void assertStacked(String page) {
        for (String table : all(page, "(?s)<table class=\"stack\".*?</table>")) {
            List<String> headings = groups(table, "role=\"columnheader\">([^<]*)<");
            for (String row : all(table, "(?s)<tr role=\"row\"><t[hd] (?!scope=\"col\").*?</tr>")) {
                assertThat(groups(row, "data-label=\"([^\"]*)\"")).isEqualTo(headings);
            }
            assertThat(all(table, "<tr>")).isEmpty();
        }
    }

    /** Each element ends where it should, and nothing but elements begins with a bracket. */
    private static void assertBalanced(String page) {
        String body = page.replaceFirst("(?s)<style>.*?</style>", "").replace("<!DOCTYPE html>", "");
        Deque<String> open = new ArrayDeque<>();
        for (String tag : groups(body, "<(/?[a-z0-9]+)")) {
            if (tag.startsWith("/")) {
                assertThat(tag).isEqualTo("/" + open.pop());
            } else if (!EMPTY.contains(tag)) {
                open.push(tag);
            }
        }
        assertThat(open).isEmpty();
        assertThat(all(body, "<")).hasSameSizeAs(all(body, "</?[a-z0-9]+[^>]*>"));
    }

    private static String only(String page, String pattern) {
        var matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(page);
        assertThat(matcher.find()).isTrue();
        return matcher.group(1);
    }

    private static List<String> all(String page, String pattern) {
        return Pattern.compile(pattern)
                .matcher(page)
                .results()
                .map(MatchResult::group)
                .toList();
    }

    private static List<String> groups(String page, String pattern) {
        return new ArrayList<>(Pattern.compile(pattern)
                .matcher(page)
                .results()
                .map(m -> m.group(1))
                .toList());
    }

    private static String sha256(String text) {
        return Base64.getEncoder().encodeToString(DigestUtils.sha256(text)).replace("'", "&#39;");
    }
}
