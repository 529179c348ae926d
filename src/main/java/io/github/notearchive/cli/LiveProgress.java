package io.github.notearchive.cli;

import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.nightly.RunProgress;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

/**
 * Progress of a run in the last line of a terminal, rewritten each second. Without a terminal, the progress line in the
 * log is used.
 *
 * <p>It is the stream of all other output to standard error, which erases the line first. A line that other output has
 * not finished is not overwritten.
 */
final class LiveProgress extends OutputStream {

    /**
     * System property with the columns of the terminal behind standard error, set by the launcher if there is one: Java
     * only knows about all three streams together.
     */
    private static final String WIDTH = "note-archive.terminal";

    private static final int NARROWEST = 60;
    private static final int WIDEST = 132;

    /** Moves to the left margin and erases the line. */
    private static final String ERASE = "\r\u001b[K";

    private final PrintStream terminal;
    private final int width;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("progress").factory());

    private boolean isShown;
    private boolean isAtMargin = true;

    /** @param width columns of the terminal */
    LiveProgress(PrintStream terminal, int width) {
        this.terminal = terminal;
        this.width = width;
    }

    /** Shows the progress until it is closed, if there is a terminal. */
    static LiveProgress show(Supplier<Optional<RunProgress>> progress) {
        LiveProgress line = new LiveProgress(System.err, Math.min(Integer.getInteger(WIDTH, 0), WIDEST));
        if (line.width >= NARROWEST) {
            System.setErr(new PrintStream(line, true, line.terminal.charset()));
            LoggingSystem.get(LiveProgress.class.getClassLoader()).setLogLevel(RunProgress.LOGGER, LogLevel.OFF);
            var _ = line.timer.scheduleWithFixedDelay(
                    () -> progress.get().map(LiveProgress::describe).ifPresent(line::rewrite), 1, 1, TimeUnit.SECONDS);
        }
        return line;
    }

    static String describe(RunProgress now) {
        long done = now.counts().done();
        long all = done + now.inProgress() + now.due();
        long failed = now.counts().notes().failed();
        return "%d%s%s, %d%s calls, %d retries%s, %s, %.0f/min"
                .formatted(
                        done,
                        now.due() < 0 ? " notes" : " of %d notes (%d %%)".formatted(all, 100 * done / Math.max(all, 1)),
                        now.left()
                                .map(left -> ", " + DisplayFormat.took(left) + " left")
                                .orElse(""),
                        now.calls(),
                        now.callsLeft() == null ? "" : "/" + (now.calls() + now.callsLeft()),
                        now.counts().notes().postponed(),
                        failed == 0 ? "" : ", " + failed + " failed",
                        DisplayFormat.size(now.counts().files().bytesStored()),
                        now.notesPerMinute());
    }

    synchronized void rewrite(String text) {
        if (isAtMargin) {
            // a full last column would wrap
            terminal.print(ERASE + text.substring(0, Math.min(text.length(), width - 1)));
            terminal.flush();
            isShown = true;
        }
    }

    private void erase() {
        if (isShown) {
            terminal.print(ERASE);
            isShown = false;
        }
    }

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
        if (length > 0) {
            erase();
            terminal.write(bytes, offset, length);
            isAtMargin = bytes[offset + length - 1] == '\n';
        }
    }

    @Override
    public void flush() {
        terminal.flush();
    }

    @Override
    public void close() {
        timer.shutdownNow();
        synchronized (this) {
            erase();
            terminal.flush();
            System.setErr(terminal);
        }
    }
}
