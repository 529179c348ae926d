package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HtmlTests {

    @ParameterizedTest
    @CsvSource({
        "one\\r\\ntwo, one\\ntwo",
        "one\\rtwo, one\\ntwo",
        "one\\ntwo, one\\ntwo",
        "one\\r\\r\\ntwo\\r, one\\n\\ntwo\\n"
    })
    void aLineEndsInOneSignWhateverEndedIt(String text, String shown) {
        String page = Html.page("t", "").text(text.translateEscapes()).end();

        assertThat(page).contains("<body>\n" + shown.translateEscapes() + "</body>");
    }

    @ParameterizedTest
    @CsvSource({"\\0", "\\33", "\\177", "\u202e", "\u2066"})
    void aControlIsShownAsAMark(String text) {
        String page =
                Html.page("t", "").text("a" + text.translateEscapes() + "b").end();

        assertThat(page).contains("a\ufffdb");
    }
}
