package io.github.notearchive.batch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.nightly.NightlyScenario;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.JobInstance;
import org.springframework.batch.core.job.parameters.JobParameters;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.BadSqlGrammarException;

/** Failures of periodic tasks are logged with what an operator needs. */
@Isolated("captures the logs of the whole JVM")
class RunWatchdogTests {

    private static final String RETRY = "; next attempt in 1 s";

    private final JobStopper gate = new JobStopper();
    private final JobRun run = new JobRun(gate) {};

    @RegisterExtension
    final RecordedLog log = new RecordedLog();

    @BeforeEach
    void closeTheGate() {
        run.start(new JobExecution(42, new JobInstance(1, JobNames.VERIFY), new JobParameters()));
        gate.open();
        gate.close(ExitCode.INTERRUPTED, "so that no lock is checked");
    }

    @Test
    void logsAProgrammingErrorWithItsStackTrace() throws Exception {
        ILoggingEvent line = logged(new NullPointerException());

        assertThat(line.getFormattedMessage()).contains("Periodic task failed: NullPointerException;");
        assertThat(line.getThrowableProxy().getClassName()).isEqualTo(NullPointerException.class.getName());
        assertThat(line.getMDCPropertyMap()).containsEntry(LogContext.EXECUTION, "42");
    }

    @Test
    void logsWhatTheDatabaseReports() throws Exception {
        SQLException rejected = new SQLException("relation \"nowhere\" does not exist", "42P01");
        SQLException refused = new SQLException("Connection to db:5432 refused", "08001");

        ILoggingEvent mistake = logged(new BadSqlGrammarException("x", "SELECT a, very, long, statement", rejected));
        ILoggingEvent outage = logged(new DataAccessResourceFailureException("SELECT something", refused));

        assertThat(mistake.getFormattedMessage())
                .contains("Periodic task failed: relation \"nowhere\" does not exist;")
                .doesNotContain("very");
        assertThat(mistake.getThrowableProxy()).isNotNull();
        assertThat(outage.getFormattedMessage()).contains("Periodic task failed: Connection to db:5432 refused;");
        assertThat(outage.getThrowableProxy()).as("in one line").isNull();
    }

    @Test
    void closesTheGateAtTheTimeLimit() throws Exception {
        gate.open();
        try (RunWatchdog watch = new RunWatchdog(run, null, null, Duration.ZERO)) {
            watch.endAfter(Duration.ofSeconds(1), "archive.limits.max-duration");
            NightlyScenario.await("the gate is closed", gate::isClosed);
        }

        assertThat(gate.stopReason())
                .contains(new StopReason(ExitCode.INTERRUPTED, "archive.limits.max-duration 1s has elapsed"));
        assertThat(log.line("has elapsed").getMDCPropertyMap()).containsEntry(LogContext.EXECUTION, "42");
    }

    @Tag("long")
    @Test
    void closesTheGateOfAJobInWhichNothingMoves(@TempDir Path directory) throws Exception {
        gate.open();
        int still = 6;
        AtomicInteger reads = new AtomicInteger();
        AtomicInteger abortedAfter = new AtomicInteger();
        try (RunWatchdog watch = new RunWatchdog(run, null, null, Duration.ZERO)) {
            Supplier<Optional<Integer>> signs = () -> {
                int read = reads.incrementAndGet();
                return read == 3 ? Optional.empty() : Optional.of(Math.min(read, still));
            };
            watch.endIfStalled(Duration.ofSeconds(2), directory, Clock.systemUTC(), signs, () -> {
                abortedAfter.set(reads.get());
                watch.close(); // the job ends
            });
            NightlyScenario.await("work in progress is aborted", () -> abortedAfter.get() > 0);
        }

        assertThat(abortedAfter).as("not while something moves").hasValueGreaterThan(still);

        StopReason end = gate.stopReason().orElseThrow();
        assertThat(end.exitCode()).isEqualTo(ExitCode.INTERRUPTED);
        assertThat(end.reason())
                .startsWith("nothing has moved for 2s: no call, no byte, no row; threads: " + directory);
        assertThat(directory.toFile().listFiles())
                .singleElement()
                .satisfies(file -> assertThat(file).content().contains("\"run-watch-", "\"main\""));
    }

    /** In a separate process, since it is halted: its only thread cannot be interrupted. */
    @Test
    void haltsAJobThatCannotBeAborted(@TempDir Path directory) throws Exception {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Stuck.class.getName(),
                        directory.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);

        assertThat(process.waitFor()).as(output).isEqualTo(ExitCode.INTERRUPTED.number());
        assertThat(output).contains("INTERRUPTED (exit 7): nothing has moved for 1s");
        assertThat(directory).isDirectoryContaining("glob:**/threads-*.txt");
    }

    /** A job whose thread waits without end and ignores the gate. */
    static final class Stuck {

        public static void main(String[] arguments) {
            JobRun run = new JobRun(new JobStopper()) {};
            run.start(new JobExecution(42, new JobInstance(1, JobNames.VERIFY), new JobParameters()));
            run.gate().open();
            try (RunWatchdog watch = new RunWatchdog(run, null, null, Duration.ofHours(1))) {
                watch.endIfStalled(
                        Duration.ofSeconds(1),
                        Path.of(arguments[0]),
                        Clock.systemUTC(),
                        () -> Optional.of("a note in progress"),
                        Thread.currentThread()::interrupt);
                while (true) {
                    LockSupport.park();
                }
            }
        }
    }

    private ILoggingEvent logged(RuntimeException failure) throws InterruptedException {
        try (RunWatchdog watch = new RunWatchdog(run, null, null, Duration.ZERO)) {
            watch.eachSecond(() -> {
                throw failure;
            });
            String text = DatabaseErrors.summary(failure) + RETRY;
            NightlyScenario.await("the failure is logged", () -> log.has(text));
            return log.line(text);
        }
    }
}
