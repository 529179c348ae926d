package io.github.notearchive.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBarConsumer;

/** The last line of a terminal, written over each second, which makes way for whatever else goes to standard error. */
final class StatusLine implements ProgressBarConsumer {

    /** Back to the left margin, and the line away. */
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

    /** What all others are to write to from now on. */
    PrintStream shared() {
        return new PrintStream(new Shared(), true, terminal.charset());
    }

    @Override
    public int getMaxRenderedLength() {
        return width - 1; // a full last column would wrap
    }

    /** Shows a text in place of the one before, unless somebody is in the middle of a line. */
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

    /** What the others write to. */
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
