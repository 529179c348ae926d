package io.github.notearchive.cli;

import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.nightly.RunProgress;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

/**
 * Progress of a run in the last line of a terminal. Without a terminal, the progress line in the log is used.
 *
 * <p>The launcher passes the width of the terminal behind standard error, since Java only knows about all three streams
 * together.
 */
final class LiveProgress implements AutoCloseable {

    /** System property with the columns of the terminal; not set without a terminal. */
    private static final String WIDTH = "note-archive.terminal";

    /** Minimum width of the figures. */
    private static final int NARROWEST = 60;

    private static final int WIDEST = 132;

    private final Supplier<Optional<RunProgress>> progress;
    private final PrintStream terminal = System.err;
    private final @Nullable StatusLine line;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("progress").factory());

    private @Nullable ProgressBar bar;

    private LiveProgress(Supplier<Optional<RunProgress>> progress, int width) {
        this.progress = progress;
        if (width < NARROWEST) {
            line = null;
            return;
        }
        StatusLine shown = new StatusLine(terminal, width);
        line = shown;
        System.setErr(shown.shared());
        LoggingSystem.get(LiveProgress.class.getClassLoader()).setLogLevel(RunProgress.LOGGER, LogLevel.OFF);
        var _ = timer.scheduleWithFixedDelay(
                () -> progress.get().ifPresent(now -> update(now, shown)), 1, 1, TimeUnit.SECONDS);
    }

    /** Shows the progress until it is closed, if there is a terminal. */
    static LiveProgress show(Supplier<Optional<RunProgress>> progress) {
        return new LiveProgress(progress, Math.min(Integer.getInteger(WIDTH, 0), WIDEST));
    }

    private synchronized void update(RunProgress now, StatusLine shown) {
        ProgressBar showing = bar == null ? bar(shown) : bar;
        bar = showing;
        if (now.due() >= 0) {
            showing.maxHint(now.counts().done() + now.inProgress() + now.due());
        }
        showing.stepTo(now.counts().done());
        showing.setExtraMessage(figures(now));
    }

    private ProgressBar bar(StatusLine shown) {
        return new ProgressBarBuilder()
                .setTaskName("notes")
                .setInitialMax(-1)
                .setStyle(
                        terminal.charset().equals(StandardCharsets.UTF_8)
                                ? ProgressBarStyle.UNICODE_BLOCK
                                : ProgressBarStyle.ASCII)
                .setConsumer(shown)
                .setMaxRenderedLength(shown.getMaxRenderedLength())
                .clearDisplayOnFinish()
                .continuousUpdate()
                .setUpdateIntervalMillis(1000)
                .setEtaFunction(_ -> progress.get().flatMap(RunProgress::left))
                .build();
    }

    /** Formats the figures that the bar does not show. */
    static String figures(RunProgress now) {
        return " %d%s calls, %d retries%s, %s, %.0f/min"
                .formatted(
                        now.calls(),
                        now.callsLeft() == null ? "" : "/" + (now.calls() + now.callsLeft()),
                        now.counts().notes().postponed(),
                        now.counts().notes().failed() == 0
                                ? ""
                                : ", " + now.counts().notes().failed() + " failed",
                        DisplayFormat.size(now.counts().files().bytesStored()),
                        now.notesPerMinute());
    }

    @Override
    public void close() {
        timer.shutdownNow();
        synchronized (this) {
            if (bar != null) {
                bar.close();
            }
        }
        if (line != null) {
            line.close();
            System.setErr(terminal);
        }
    }
}
