package io.github.notearchive.batch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.nightly.NightlyScenario;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
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
