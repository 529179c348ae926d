package io.github.notearchive.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.batch.CommandResult;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.telemetry.Receivers.DeliveryException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The text file keeps values that were not measured. */
class TextfileTests {

    private static final String SUCCESS = """
            # HELP note_archive_last_success_timestamp_seconds When
            # TYPE note_archive_last_success_timestamp_seconds gauge
            note_archive_last_success_timestamp_seconds{node="main"} 1.7E9
            """;

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = directory.resolve("note_archive.prom");
    }

    private void reportRun(ExitCode exitCode) {
        try (TelemetryFixture fixture = TelemetryFixture.with("archive.metrics.textfile", file.toString())) {
            fixture.report(CommandResult.failed(exitCode, "why", "what next"));
        }
    }

    @Test
    void aFailedRunKeepsTheValuesThatItDidNotMeasure() throws IOException {
        Files.writeString(file, SUCCESS + """
                        # HELP note_archive_last_run_exit_code Exit code of the last run
                        # TYPE note_archive_last_run_exit_code gauge
                        note_archive_last_run_exit_code{node="main"} 0.0
                        """);

        reportRun(ExitCode.UPSTREAM_UNAVAILABLE);

        assertThat(Files.readString(file))
                .contains(SUCCESS)
                .contains("note_archive_last_run_exit_code{node=\"main\"} 8.0")
                .doesNotContain("note_archive_last_run_exit_code{node=\"main\"} 0.0");
    }

    @Test
    void anOverlappingRunKeepsTheValuesOfTheActiveRun() throws IOException {
        String active = """
                # HELP note_archive_last_run_exit_code Exit code of the last run
                # TYPE note_archive_last_run_exit_code gauge
                note_archive_last_run_exit_code{node="main"} 0.0
                # HELP note_archive_running 1 while a run is going on
                # TYPE note_archive_running gauge
                note_archive_running{node="main"} 1.0
                """;
        Files.writeString(file, active);

        reportRun(ExitCode.ALREADY_RUNNING);

        assertThat(Files.readString(file))
                .contains(active.lines().toList())
                .contains("note_archive_last_overlap_timestamp_seconds{node=\"main\"} 1.7731152E9");
    }

    @Test
    void aMissingDirectoryIsReported() {
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        Textfile nowhere = new Textfile(directory.resolve("none").resolve("x.prom"), registry);

        assertThatThrownBy(() -> nowhere.export())
                .isInstanceOf(DeliveryException.class)
                .hasMessageContaining("NoSuchFileException");
    }
}
