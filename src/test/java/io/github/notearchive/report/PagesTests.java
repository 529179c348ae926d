package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.notearchive.archive.query.Survival.SurvivalEstimate;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.report.Chart.Bounds;
import io.github.notearchive.report.Chart.Series;
import io.github.notearchive.report.Chart.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PagesTests {

    private static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "report.html");

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
                .contains("aria-label=\"&#34;>&lt;script>alert(1)&lt;/script>&#39;: ")
                .doesNotContain("<script");
    }

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 2", "2, 2", "3, 4", "9, 10", "10, 10", "11, 20", "45, 50", "61, 80", "999, 1000"})
    void theAxisEndsAtARoundNumberWhoseHalfIsRoundToo(long most, long top) {
        assertThat(Chart.roundAbove(most)).isEqualTo(top);
    }

    @Test
    void columnsAreStackedAndNonZeroValuesAreVisible() {
        String page = page(new Chart(
                Shape.columns,
                "Calls",
                "Few.",
                List.of(
                        new Series("0", 0, List.of(3000L, 0L, 5000L)),
                        new Series("301", 1, Arrays.asList(1L, null, 1000L))),
                List.of("a", "b"),
                String::valueOf));

        assertThat(page)
                .contains(
                        "<path class=\"c0\" d=\"M6 200v-100h321.3v100zM672.7 200v-166.7h321.3v166.7z\"/>",
                        "<path class=\"c1\" d=\"M6 100v-2h321.3v2zM672.7 33.3v-33.3h321.3v33.3z\"/>",
                        "<span>6000</span><span>3000</span><span>0</span>");
    }

    @Test
    void linesHaveGapsAndARowIsAsWideAsItsParts() {
        List<Series> gap = List.of(new Series("p50", 0, Arrays.asList(0L, 10L, null, 5L, null)));
        List<Series> parts = List.of(new Series("a", 0, List.of(1L)), new Series("b", 1, List.of(3L)));

        assertThat(new Chart(Shape.lines, "", "", gap, List.of(), String::valueOf).path(0))
                .isEqualTo("M0 200L0 200L250 0M750 100L750 100");
        assertThat(new Chart(Shape.row, "", "", parts, List.of(), String::valueOf).path(1))
                .isEqualTo("M250 200v-200h750v200z");
    }

    @ParameterizedTest
    @CsvSource({"1.0, 10, 0.722, 1.0", "0.9, 100, 0.826, 0.945", "0.0, 10, 0.0, 0.278"})
    void shareHasTheWilsonInterval(double share, long atRisk, double low, double high) {
        assertThat(new SurvivalEstimate(share, atRisk).low()).isCloseTo(low, within(0.001));
        assertThat(new SurvivalEstimate(share, atRisk).high()).isCloseTo(high, within(0.001));
    }

    @Test
    void stepsAreJoinedAndHaveABand() {
        Series gone = new Series("a", 0, Arrays.asList(10L, 5L, null), Arrays.asList(null, new Bounds(4, 6), null));
        Chart chart = new Chart(Shape.steps, "", "", List.of(gone), List.of(), String::valueOf);

        assertThat(chart.path(0)).isEqualTo("M0 0H333.3V100H666.7");
        assertThat(chart.band(0)).isEqualTo("M333.3 120v-40h333.3v40z");
    }

    private static String page(String title) {
        return page(new Chart(Shape.columns, title, "None.", List.of(), List.of(), String::valueOf));
    }

    private static String page(Chart chart) {
        return Pages.render("report/chart", Map.of("chart", chart));
    }

    /** Compares with {@code golden/report.html}; {@code golden.update=true} writes the file instead. */
    @Test
    void pageOfAFixedNightIsUnchanged() throws IOException {
        String page = page(Reports.night(60), "en");

        if (Boolean.getBoolean("golden.update")) {
            Files.writeString(GOLDEN, page);
        }
        PageChecks.assertValid(page);
        assertThat(page).isEqualTo(Files.readString(GOLDEN));
    }

    @ParameterizedTest
    @CsvSource({"0, en", "0, zh", "60, en", "60, zh", "20000, en", "20000, zh"})
    void pageHasABoundedSizeInEachLanguage(int notes, String language) {
        String page = page(Reports.night(notes), language);

        PageChecks.assertValid(page);
        assertThat(page).hasSizeLessThan(80_000).doesNotContain("0.0 s.", "为 0.0 s", "billed.</dd>");
        if (notes > 60) {
            assertThat(page).contains("20,000", "note-archive list 'state:failed reason:media_incomplete'");
        }
        if (language.equals("zh")) {
            assertThat(page.replaceAll(
                            "(?s)<style>.*?</style>|<(code|bdi)>.*?</\\1>|<(p|td)[^>]* lang=\"en\"[^>]*>.*?</\\2>|<[^>]*>",
                            " "))
                    .as("texts are translated")
                    .doesNotContainPattern("[a-z]+ [a-z]+ [a-z]+");
        }
    }

    @Test
    void eachReasonAndResultIsTranslated() {
        Texts texts = Texts.of("zh");

        for (StateReason reason : StateReason.values()) {
            assertThat(texts.reason(reason)).matches(".*\\p{IsHan}.*");
        }
        for (ExitCode exit : ExitCode.values()) {
            assertThat(texts.next(Reports.night(0).last(), exit)).matches(".*\\p{IsHan}.*");
        }
    }

    private static String page(NightReport night, String language) {
        return night.page(Texts.of(language), "/notes/");
    }
}
