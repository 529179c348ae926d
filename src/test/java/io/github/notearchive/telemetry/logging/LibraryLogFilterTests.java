package io.github.notearchive.telemetry.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.read.ListAppender;
import java.nio.file.AccessDeniedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.springframework.batch.core.job.AbstractJob;
import org.springframework.batch.core.step.AbstractStep;
import org.springframework.batch.core.step.item.ChunkOrientedStep;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.transaction.CannotCreateTransactionException;

/** An outage of the database does not flood the log and hides no other error. */
class LibraryLogFilterTests {

    private final LoggerContext context = new LoggerContext();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        context.setMDCAdapter(new LogbackMDCAdapter());
        context.addTurboFilter(new LibraryLogFilter());
        lines.setContext(context);
        lines.start();
        Logger root = context.getLogger("ROOT");
        root.setLevel(Level.WARN);
        root.addAppender(lines);
    }

    @AfterEach
    void stopListening() {
        context.stop();
    }

    @Test
    void linesAboutAnUnavailableDatabaseAreSuppressed() {
        context.getLogger(ChunkOrientedStep.class).error("Rolling back chunk transaction", unavailable());
        context.getLogger(AbstractJob.class).error("Encountered fatal error executing job", unavailable());
        context.getLogger("com.zaxxer.hikari.pool.ProxyConnection")
                .warn("{} - Connection {} marked as broken", "pool", "connection", refused());

        assertThat(lines.list).isEmpty();
    }

    @Test
    void otherErrorsPassUnchanged() {
        Throwable mistake = new DataIntegrityViolationException(
                "x", new PSQLException("duplicate key", PSQLState.UNIQUE_VIOLATION));

        context.getLogger(AbstractStep.class).error("a mistake", mistake);
        context.getLogger(AbstractJob.class).error("a defect", new IllegalStateException("ours"));
        context.getLogger(AbstractJob.class).warn("without an exception");
        context.getLogger("io.github.notearchive.nightly.NightlyJobRunner").warn("our own", unavailable());

        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage, line -> line.getThrowableProxy() != null)
                .containsExactly(
                        tuple("a mistake", true),
                        tuple("a defect", true),
                        tuple("without an exception", false),
                        tuple("our own", true));
    }

    @Test
    void fileErrorsOfTheEmbeddedStoreAreLoggedInOneLine() {
        Logger server = context.getLogger("org.gaul.shaded.org.eclipse.jetty.ee10.servlet.ServletChannel");
        Throwable refused = new IllegalStateException(new AccessDeniedException("/data/s3/note-archive/probe"));

        server.warn("handleException {} {}", "/note-archive/probe", refused.toString(), refused);
        server.warn("another matter", new IllegalStateException("ours"));

        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage, line -> line.getThrowableProxy() != null)
                .containsExactly(
                        tuple(
                                "Embedded S3 server: java.nio.file.AccessDeniedException: /data/s3/note-archive/probe",
                                false),
                        tuple("another matter", true));
    }

    private static Throwable unavailable() {
        return new CannotCreateTransactionException(
                "Could not open JDBC Connection for transaction",
                new CannotGetJdbcConnectionException("no connection", refused()));
    }

    private static PSQLException refused() {
        return new PSQLException("Connection to 127.0.0.1:5432 refused", PSQLState.CONNECTION_UNABLE_TO_CONNECT);
    }
}
