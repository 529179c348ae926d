package io.github.notearchive.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plots fit their frame, and say the same in words. */
class PlotTests {

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 2", "2, 2", "3, 4", "9, 10", "10, 10", "11, 20", "45, 50", "61, 80", "999, 1000"})
    void theAxisEndsAtARoundNumberWhoseHalfIsRoundToo(long most, long top) {
        assertThat(Plot.roundAbove(most)).isEqualTo(top);
        assertThat(top % 2).isZero();
    }

    @Test
    void nothingLeavesTheFrameAndWhatIsNotNothingIsSeen() {
        String page =
                drawn(new Plot("Calls", "Few.", List.of(1L, 0L, 5000L), 1000, String::valueOf, List.of("a", "b")));

        assertThat(page).contains("v-2h", "v-200h").doesNotContain("v-1000");
        assertThat(page.split("v-")).as("two bars").hasSize(3);
    }

    private static String drawn(Plot plot) {
        return Pages.render("report/plot", Map.of("plot", plot));
    }
}
