package io.github.notearchive.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.nightly.RunProgress;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

/**
 * Progress of a run in the last line of a terminal, rewritten each second in its current width. Without a terminal, the
 * progress line in the log is used.
 *
 * <p>It is the stream of all other output to standard error, which erases the line first. A line that other output has
 * not finished is not overwritten.
 */
final class LiveProgress extends OutputStream {

    /**
     * System property that is set by the launcher if standard error is a terminal: Java only knows about all three
     * streams together.
     */
    private static final String IS_TERMINAL = "note-archive.terminal";

    private static final int SHORTEST_BAR = 5;
    private static final int LONGEST_BAR = 30;

    /** Moves to the left margin and erases the line. */
    private static final String ERASE = "\r\u001b[K";

    private final PrintStream terminal;
    private final IntSupplier width;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("progress").factory());

    private boolean isShown;
    private boolean isAtMargin = true;

    /** @param width columns of the terminal */
    LiveProgress(PrintStream terminal, IntSupplier width) {
        this.terminal = terminal;
        this.width = width;
    }

    /** Shows the progress until it is closed, if there is a terminal. */
    static LiveProgress show(Supplier<Optional<RunProgress>> progress) {
        IntSupplier width = Boolean.getBoolean(IS_TERMINAL) ? LiveProgress::columns : () -> 0;
        LiveProgress line = new LiveProgress(System.err, width);
        if (width.getAsInt() > 0) {
            System.setErr(new PrintStream(line, true, line.terminal.charset()));
            LoggingSystem.get(LiveProgress.class.getClassLoader()).setLogLevel(RunProgress.LOGGER, LogLevel.OFF);
            var _ = line.timer.scheduleWithFixedDelay(
                    () -> progress.get().ifPresent(now -> line.rewrite(describe(now, columns() - 1))),
                    1,
                    1,
                    TimeUnit.SECONDS);
        }
        return line;
    }

    /** Formats a bar and the most important figures in at most this number of columns. */
    static String describe(RunProgress now, int columns) {
        long done = now.counts().done();
        long all = Math.max(1, done + now.inProgress() + now.due());
        boolean isCounted = now.due() >= 0;
        long percent = 100 * done / all;
        long failed = now.counts().notes().failed();
        String calls = DisplayFormat.plural(now.calls(), "call");
        List<String> figures = Stream.of(
                        DisplayFormat.count(Math.round(now.notesPerMinute())) + "/min",
                        "elapsed " + DisplayFormat.took(now.took()),
                        now.left()
                                .map(left -> "ETA " + DisplayFormat.took(left))
                                .orElse(""),
                        failed == 0 ? "" : DisplayFormat.count(failed) + " failed",
                        now.callsLeft() == null ? calls : calls + ", " + DisplayFormat.count(now.callsLeft()) + " left",
                        DisplayFormat.size(now.counts().files().bytesStored()))
                .filter(figure -> !figure.isEmpty())
                .toList();
        StringBuilder text = new StringBuilder(
                isCounted
                        ? "%3d %%  %s of %s".formatted(percent, DisplayFormat.count(done), DisplayFormat.count(all))
                        : DisplayFormat.plural(done, "note"));
        int room = columns - (isCounted ? SHORTEST_BAR + 3 : 0);
        for (String figure : figures) {
            if (text.length() + 2 + figure.length() > room) {
                break;
            }
            text.append("  ").append(figure);
        }
        if (!isCounted) {
            return text.toString();
        }
        int bar = Math.clamp(columns - text.length() - 3, SHORTEST_BAR, LONGEST_BAR);
        int filled = (int) (bar * percent / 100);
        return "[" + "#".repeat(filled) + ".".repeat(bar - filled) + "] " + text;
    }

    /** Reads the columns of the terminal behind standard error; 0 if they are unknown. */
    private static int columns() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rowsAndColumns = arena.allocate(JAVA_SHORT, 4);
            int error = (int) Ioctl.CALL.invokeExact(Ioctl.STANDARD_ERROR, Ioctl.WINDOW_SIZE, rowsAndColumns);
            return error == 0 ? Short.toUnsignedInt(rowsAndColumns.getAtIndex(JAVA_SHORT, 1)) : 0;
        } catch (RuntimeException | LinkageError _) {
            return 0; // a run does not depend on its progress line
        } catch (Throwable e) {
            throw ExceptionUtils.asRuntimeException(e); // the call declares it, and throws none
        }
    }

    private static final class Ioctl {

        static final int STANDARD_ERROR = 2;

        /** Request TIOCGWINSZ of macOS and of Linux. */
        static final long WINDOW_SIZE = System.getProperty("os.name").startsWith("Mac") ? 0x40087468L : 0x5413L;

        @SuppressWarnings("restricted") // the launcher permits native access
        static final MethodHandle CALL = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("ioctl"),
                        FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                        Linker.Option.firstVariadicArg(2));
    }

    synchronized void rewrite(String text) {
        if (isAtMargin) {
            // a full last column would wrap
            int room = Math.max(0, width.getAsInt() - 1);
            terminal.print(ERASE + text.substring(0, Math.min(text.length(), room)));
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
