package io.github.notearchive.batch;

import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import io.github.notearchive.ArchiveRows;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.maintenance.rebuild.RebuildRunner;
import io.github.notearchive.maintenance.rebuild.RebuildSummary;
import io.github.notearchive.maintenance.remap.RemapRunner;
import io.github.notearchive.maintenance.remap.RemapSummary;
import io.github.notearchive.nightly.NightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.sandbox.Reply;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.MDC;
import org.springframework.beans.factory.annotation.Autowired;

/** Log lines of a run carry the execution id, and lines about a note the note id. */
@NightlyJobTest
@Isolated("a new context reconfigures the logs of the whole JVM")
class LogContextTests {

    /** A shorter job may have no execution yet. */
    private static final Duration LONG_ENOUGH_TO_BEGIN = Duration.ofSeconds(3);

    @RegisterExtension
    final RecordedLog log = new RecordedLog();

    @Autowired
    NightlyScenario night;

    @Autowired
    RemapRunner remap;

    @Autowired
    RebuildRunner rebuild;

    @Autowired
    JobStopper gate;

    @Test
    void addsExecutionAndNoteToTheLinesOfARun() {
        String rejected = night.pending(3).getFirst();
        night.script().answers(rejected, Reply.code(400));

        RunSummary summary = night.run();

        assertEnded(summary, ExitCode.INCOMPLETE);
        ILoggingEvent aboutTheNote = log.line("the provider rejected the request");
        assertThat(aboutTheNote.getMDCPropertyMap())
                .containsEntry(LogContext.NOTE, rejected)
                .containsEntry(LogContext.EXECUTION, String.valueOf(summary.executionId()));
        assertThat(MDC.getCopyOfContextMap()).isNullOrEmpty();
    }

    @Test
    void addsTheExecutionToTheLineThatStopsTheRun() {
        night.script().answers(night.pending(1).getFirst(), Reply.code(100));

        RunSummary summary = night.run();

        assertEnded(summary, ExitCode.BLOCKED_TOKEN);
        assertThat(log.line("Stopping: ").getMDCPropertyMap())
                .containsEntry(LogContext.EXECUTION, String.valueOf(summary.executionId()));
    }

    @Test
    void carriesTheNoteToOtherThreads() throws Exception {
        MDC.put(LogContext.NOTE, "66aa00000000000000000001");
        var work = LogContext.carried(() -> MDC.get(LogContext.NOTE));
        MDC.clear();
        List<@Nullable String> seen = new ArrayList<>();
        Thread thread = Thread.ofPlatform().start(() -> {
            seen.add(work.get());
            seen.add(MDC.get(LogContext.NOTE));
        });
        thread.join();

        assertThat(seen).containsExactly("66aa00000000000000000001", null);
        assertThat(MDC.get(LogContext.NOTE)).isNull();
    }

    @Test
    void addsTheExecutionToTheWatchdogOfARemap() throws Exception {
        String note = night.pending(1).getFirst();
        assertEnded(night.run(), ExitCode.COMPLETED);
        night.sql().sql("UPDATE note SET title = 'spoilt', mapper_version = 1").update();

        RemapSummary summary = whileHeld(
                "UPDATE note SET place = 'of the run' WHERE note_id = '" + note + "'",
                () -> remap.remap(true, false, LONG_ENOUGH_TO_BEGIN));

        assertThat(summary.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(log.line("Stopping: ").getMDCPropertyMap())
                .containsEntry(LogContext.EXECUTION, String.valueOf(summary.execution()));
    }

    @Test
    void addsTheExecutionToTheWatchdogOfARebuild() throws Exception {
        night.pending(1);
        assertEnded(night.run(), ExitCode.COMPLETED);
        night.sql().sql(ArchiveRows.LOSS).update();

        RebuildSummary summary =
                whileHeld("LOCK TABLE note IN SHARE MODE", () -> rebuild.rebuild(false, LONG_ENOUGH_TO_BEGIN));

        assertThat(log.line("Stopping: ").getMDCPropertyMap())
                .containsEntry(LogContext.EXECUTION, String.valueOf(summary.execution()));
    }

    /** Runs a job whose rows are locked until its time box has elapsed. */
    private <T> T whileHeld(String sql, Supplier<T> job) throws Exception {
        gate.open(); // an earlier job may have left it closed
        CompletableFuture<T> running;
        try (Connection other = night.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement.execute(sql);
            running = CompletableFuture.supplyAsync(job);
            NightlyScenario.await(
                    "the time box has elapsed", () -> gate.stopReason().isPresent());
            other.rollback();
        }
        return running.get(NightlyScenario.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
}
