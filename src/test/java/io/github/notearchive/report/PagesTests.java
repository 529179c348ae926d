package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PagesTests {

    @ParameterizedTest
    @CsvSource({
        "one\\r\\ntwo, one\\ntwo",
        "one\\rtwo, one\\ntwo",
        "one\\ntwo, one\\ntwo",
        "one\\r\\r\\ntwo\\r, one\\n\\ntwo\\n"
    })
    void linesEndInLineFeeds(String text, String shown) {
        assertThat(page(text.translateEscapes())).contains("<figcaption>" + shown.translateEscapes() + "</figcaption>");
    }

    @ParameterizedTest
    @CsvSource({"\\0", "\\33", "\\177", "\u0085", "\u202e", "\u2066"})
    void controlCharactersAreReplaced(String text) {
        assertThat(page("a" + text.translateEscapes() + "b")).contains("a\ufffdb");
    }

    @Test
    void textsAreEscapedInElementsAndAttributes() {
        assertThat(page("\"><script>alert(1)</script>'"))
                .contains("<figcaption>\"&gt;&lt;script&gt;alert(1)&lt;/script&gt;'</figcaption>")
                .contains("aria-label=\"&#34;>&lt;script>alert(1)&lt;/script>&#39;.")
                .doesNotContain("<script");
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 2", "2, 2", "3, 4", "9, 10", "10, 10", "11, 20", "45, 50", "61, 80", "999, 1000"})
    void theAxisEndsAtARoundNumberWhoseHalfIsRoundToo(long most, long top) {
        assertThat(Plot.roundAbove(most)).isEqualTo(top);
        assertThat(top % 2).isZero();
    }

    @Test
    void nothingLeavesTheFrameAndWhatIsNotNothingIsSeen() {
        String page = page(new Plot("Calls", "Few.", List.of(1L, 0L, 5000L), 1000, String::valueOf, List.of("a", "b")));

        assertThat(page).contains("v-2h", "v-200h").doesNotContain("v-1000");
        assertThat(page.split("v-")).as("two bars").hasSize(3);
    }

    private static String page(String title) {
        return page(new Plot(title, "None.", List.of(), 2, String::valueOf, List.of()));
    }

    private static String page(Plot plot) {
        return Pages.render("report/plot", Map.of("plot", plot));
    }
}
