package io.github.notearchive.io;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Records the log lines of the program during a test, from level INFO. Each context that a test opens sets up the logs
 * of the whole JVM, so such tests are isolated, and the level that the last one left is replaced.
 */
public final class RecordedLog implements BeforeEachCallback, AfterEachCallback {

    private final List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent line) {
            line.prepareForDeferredProcessing();
            lines.add(line);
        }
    };

    private final String name;
    private @Nullable Level level;

    /** Records the lines of the whole program. */
    public RecordedLog() {
        this("io.github.notearchive");
    }

    /** Records the lines of one class. */
    public RecordedLog(Class<?> source) {
        this(source.getName());
    }

    private RecordedLog(String name) {
        this.name = name;
    }

    @Override
    public void beforeEach(ExtensionContext test) {
        // a command without a context leaves the filter that denies all lines until one is set up
        logger().getLoggerContext().resetTurboFilterList();
        level = logger().getLevel();
        logger().setLevel(Level.INFO);
        appender.start();
        logger().addAppender(appender);
    }

    @Override
    public void afterEach(ExtensionContext test) {
        logger().detachAppender(appender);
        logger().setLevel(level);
    }

    /** Records lines of a lower level than INFO, too, until the end of the test. */
    public void include(Level lowest) {
        logger().setLevel(lowest);
    }

    private Logger logger() {
        return (Logger) LoggerFactory.getLogger(name);
    }

    /** Returns the messages so far. */
    public List<String> messages() {
        return lines.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    /** Returns whether a message contains the text so far. */
    public boolean has(String text) {
        return lines.stream().anyMatch(containing(text));
    }

    /** Returns the first line whose message contains the text. */
    public ILoggingEvent line(String text) {
        return lines.stream()
                .filter(containing(text))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no message contains \"" + text + "\""));
    }

    private static Predicate<ILoggingEvent> containing(String text) {
        return line -> line.getFormattedMessage().contains(text);
    }
}
