package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.report.PageChecks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first thing that anybody runs: the jar as it is, no token, no network, no server. */
class SandboxCommandTests {

    @TempDir Path directory;

    @Test
    void practisesANightThatAQuotaEndsAndItsRestartAndDoesSoAgain() throws Exception {
        Path data = directory.resolve("practice");

        Ended first = sandbox(data).with(0);
        Ended second = sandbox(data).with(0);

        for (Ended ended : new Ended[] {first, second}) {
            assertThat(ended.out())
                    .containsPattern("(?m)^ *1 +1 +STOPPED +QUOTA_EXHAUSTED ")
                    .containsPattern("(?m)^ *2 +1 +COMPLETED +COMPLETED *")
                    .contains("the gate is closed, nothing is asked")
                    .containsPattern("ARCHIVED +\\d+")
                    .doesNotContain("POSTPONED", "FAILED");
            assertThat(ended.err()).doesNotContain("ERROR", "\tat ");
        }
        try (Stream<Path> reports = Files.list(data.resolve("reports"))) {
            List<Path> pages = reports.sorted().toList();
            assertThat(pages).hasSize(2);
            assertThat(pages.getFirst()).content().contains("Exit 3, QUOTA_EXHAUSTED");
            assertThat(pages.getLast()).content().contains("Exit 0, COMPLETED");
            for (Path page : pages) {
                PageChecks.assertSound(Files.readString(page));
            }
        }
    }

    @Test
    void emptiesNoDirectoryThatIsNotItsOwn() throws Exception {
        Path foreign = Files.createDirectory(directory.resolve("foreign"));
        Files.writeString(foreign.resolve("thesis.txt"), "years of work");

        Ended ended = sandbox(foreign).with(2);

        assertThat(ended.message())
                .contains(foreign.toString(), "is not empty", "name another --data-dir");
        assertThat(foreign.resolve("thesis.txt")).hasContent("years of work");
        assertThat(foreign.toFile().list()).containsExactly("thesis.txt");
    }

    private Ended sandbox(Path data) {
        return Program.startPackaged(directory, Map.of(), "sandbox", "--data-dir", data.toString())
                .end();
    }
}
