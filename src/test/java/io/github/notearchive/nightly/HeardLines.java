package io.github.notearchive.nightly;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/**
 * Hears what the program logs during a test. Whoever opens a context sets up the logs of the whole JVM anew, so such
 * tests are isolated.
 */
public final class HeardLines implements BeforeEachCallback, AfterEachCallback {

    private final List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent line) {
            line.prepareForDeferredProcessing();
            lines.add(line);
        }
    };

    @Override
    public void beforeEach(ExtensionContext test) {
        appender.start();
        logger().addAppender(appender);
    }

    @Override
    public void afterEach(ExtensionContext test) {
        logger().detachAppender(appender);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger("io.github.notearchive");
    }

    /** Whether there is a line with these words by now. */
    public boolean has(String words) {
        return lines.stream().anyMatch(saying(words));
    }

    /** The first line with these words. */
    public ILoggingEvent line(String words) {
        return lines.stream()
                .filter(saying(words))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line says \"" + words + "\""));
    }

    private static Predicate<ILoggingEvent> saying(String words) {
        return line -> line.getFormattedMessage().contains(words);
    }
}
