package io.github.notearchive.job;

import static io.github.notearchive.job.Night.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.github.notearchive.sandbox.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.beans.factory.annotation.Autowired;

/** Each line of a run says which execution it belongs to, and each line about a note which note. */
@ArchiveJobTest
@Isolated("whoever opens a context sets up the logs of the whole JVM anew")
class LogContextTests {

    private final List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender =
            new AppenderBase<>() {
                @Override
                protected void append(ILoggingEvent line) {
                    line.prepareForDeferredProcessing();
                    lines.add(line);
                }
            };

    @Autowired Night night;

    @BeforeEach
    void listen() {
        appender.start();
        logger().addAppender(appender);
    }

    @AfterEach
    void listenNoMore() {
        logger().detachAppender(appender);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger("io.github.notearchive");
    }

    @Test
    void linesOfARunAndOfItsNotes() {
        String rejected = night.pending(3).getFirst();
        night.script().answers(rejected, Reply.code(400));

        RunSummary summary = night.run();

        assertEnded(summary, ExitCode.INCOMPLETE);
        ILoggingEvent aboutTheNote = line("the provider rejects our request");
        assertThat(aboutTheNote.getMDCPropertyMap())
                .containsEntry(LogContext.NOTE, rejected)
                .containsEntry(LogContext.EXECUTION, String.valueOf(summary.execution()));
        assertThat(MDC.getCopyOfContextMap()).isNullOrEmpty();
    }

    @Test
    void whatEndsTheRunBelongsToIt() {
        night.script().answers(night.pending(1).getFirst(), Reply.code(100));

        RunSummary summary = night.run();

        assertEnded(summary, ExitCode.BLOCKED_TOKEN);
        assertThat(line("No more notes are taken up").getMDCPropertyMap())
                .containsEntry(LogContext.EXECUTION, String.valueOf(summary.execution()));
    }

    @Test
    void threadsThatWorkForANoteCarryIt() throws Exception {
        MDC.put(LogContext.NOTE, "66aa00000000000000000001");
        var work = LogContext.carried(() -> MDC.get(LogContext.NOTE));
        MDC.clear();
        List<@Nullable String> seen = new ArrayList<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    seen.add(work.get());
                                    seen.add(MDC.get(LogContext.NOTE));
                                });
        thread.join();

        assertThat(seen).containsExactly("66aa00000000000000000001", null);
        assertThat(MDC.get(LogContext.NOTE)).isNull();
    }

    private ILoggingEvent line(String words) {
        return lines.stream()
                .filter(line -> line.getFormattedMessage().contains(words))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line says \"" + words + "\""));
    }
}
