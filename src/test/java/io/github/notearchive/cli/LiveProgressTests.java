package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.batch.RunCounts;
import io.github.notearchive.nightly.RunProgress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveProgressTests {

    /** Steps: {@code >text} rewrites the line, other text is output, {@code !} closes; {@code ~} is the erasure. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ">10 of 20; warning/; >11 of 20; ! | ~10 of 20~warning/~11 of 20~",
                "half a ; >10 of 20; line/; >11 of 20 | half a line/~11 of 20",
                "one/; ! | one/",
                ">1234567890 | ~123456789"
            })
    void otherOutputErasesTheLineAndIsNotOverwritten(String steps, String expected) {
        var screen = new ByteArrayOutputStream();
        PrintStream err = System.err;
        try (LiveProgress line = new LiveProgress(new PrintStream(screen, true, StandardCharsets.UTF_8), () -> 10);
                var others = new PrintStream(line, true, StandardCharsets.UTF_8)) {
            for (String step : steps.split("; ")) {
                if (step.startsWith(">")) {
                    line.rewrite(step.substring(1));
                } else if (step.equals("!")) {
                    line.close();
                } else {
                    others.print(step.replace('/', '\n'));
                }
            }

            assertThat(screen.toString(StandardCharsets.UTF_8)
                            .replace("\r\u001b[K", "~")
                            .replace('\n', '/'))
                    .isEqualTo(expected);
        } finally {
            System.setErr(err);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "200 | 96 | 79 | [##.....]  30 %  90 of 300  45/min  elapsed 2 min 0 s  ETA 4 min 40 s  3 failed",
                "200 | 96 | 109 | [##.......]  30 %  90 of 300  45/min  elapsed 2 min 0 s  ETA 4 min 40 s  3 failed  104 calls, 96 left  1.2 MB",
                "200 |  | 40 | [###..........]  30 %  90 of 300  45/min",
                "99900 |  | 79 | [.............]   0 %  90 of 100,000  45/min  elapsed 2 min 0 s  ETA 37 h 0 min",
                "-1 |  | 79 | 90 notes  45/min  elapsed 2 min 0 s  3 failed  104 calls  1.2 MB"
            })
    void figuresThatFitFollowTheBar(long due, Long callsLeft, int columns, String expected) {
        RunCounts counts = new RunCounts(
                new RunCounts.Notes(80, 7, 7, 3, 1, 0),
                new RunCounts.RefreshCounts(0, 0, 0, 0, 0, 0, 0),
                new RunCounts.FileCounts(300, 1_234_567, 0, 0, 0, 0, 0, 0, 0, 0),
                new RunCounts.FailedDownloads(0, 0, 0),
                0);

        assertThat(LiveProgress.describe(
                        new RunProgress(counts, 10, due, 104, callsLeft, Duration.ofMinutes(2)), columns))
                .isEqualTo(expected)
                .hasSizeLessThanOrEqualTo(columns);
    }

    @Test
    void lineFollowsTheWidthOfTheTerminal() {
        var screen = new ByteArrayOutputStream();
        var width = new AtomicInteger(10);
        PrintStream err = System.err;
        try (LiveProgress line = new LiveProgress(new PrintStream(screen, true, StandardCharsets.UTF_8), width::get)) {
            line.rewrite("1234567890");
            width.set(5);
            line.rewrite("1234567890");
        } finally {
            System.setErr(err);
        }

        assertThat(screen.toString(StandardCharsets.UTF_8).split("\r\u001b\\[K"))
                .containsExactly("", "123456789", "1234");
    }
}
