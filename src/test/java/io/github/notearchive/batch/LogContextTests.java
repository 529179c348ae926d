package io.github.notearchive.batch;

import static io.github.notearchive.nightly.NightlyScenario.assertEnded;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import io.github.notearchive.io.RecordedLog;
import io.github.notearchive.nightly.NightlyJobTest;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.nightly.RunSummary;
import io.github.notearchive.sandbox.Reply;
import java.util.ArrayList;
import java.util.List;
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

    @RegisterExtension
    final RecordedLog log = new RecordedLog();

    @Autowired
    NightlyScenario night;

    @Test
    void addsExecutionAndNoteToTheLinesOfARun() {
        String rejected = night.pending(3).getFirst();
        night.script().answers(rejected, Reply.code(400));

        RunSummary summary = night.run();

        assertEnded(summary, ExitCode.INCOMPLETE);
        ILoggingEvent aboutTheNote = log.line("the provider rejected the request");
        assertThat(aboutTheNote.getMDCPropertyMap())
                .containsEntry(LogContext.NOTE, rejected)
                .containsEntry(LogContext.EXECUTION, String.valueOf(summary.execution()));
        assertThat(MDC.getCopyOfContextMap()).isNullOrEmpty();
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
}
