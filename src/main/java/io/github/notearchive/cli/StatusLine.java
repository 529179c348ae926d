package io.github.notearchive.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBarConsumer;

/** Last line of a terminal, which is erased before other output to standard error and overwritten each second. */
final class StatusLine implements ProgressBarConsumer {

    /** Moves to the left margin and erases the line. */
    private static final String ERASE = "\r\u001b[K";

    private final int width;
    private final PrintStream terminal;
    private boolean isShown;
    private boolean isAtMargin = true;

    /** @param width columns of the terminal */
    StatusLine(PrintStream terminal, int width) {
        this.terminal = terminal;
        this.width = width;
    }

    /** Returns the stream for all other output. */
    PrintStream shared() {
        return new PrintStream(new Shared(), true, terminal.charset());
    }

    @Override
    public int getMaxRenderedLength() {
        return width - 1; // a full last column would wrap
    }

    /** Replaces the shown text, unless other output has not finished its line. */
    @Override
    public synchronized void accept(String text) {
        if (isAtMargin) {
            terminal.print(ERASE + text.strip());
            terminal.flush();
            isShown = true;
        }
    }

    private synchronized void erase() {
        if (isShown) {
            terminal.print(ERASE);
            isShown = false;
        }
    }

    @Override
    public synchronized void clear() {
        erase();
        terminal.flush();
    }

    @Override
    public void close() {
        clear();
    }

    /** Stream for other output. */
    private final class Shared extends OutputStream {

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            if (length == 0) {
                return;
            }
            synchronized (StatusLine.this) {
                erase();
                terminal.write(bytes, offset, length);
                isAtMargin = bytes[offset + length - 1] == '\n';
            }
        }

        @Override
        public void flush() {
            terminal.flush();
        }
    }
}
