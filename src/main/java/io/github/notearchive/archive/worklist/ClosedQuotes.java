package io.github.notearchive.archive.worklist;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/**
 * Reader that fails at the end of CSV input if a quoted field is still open. Otherwise the parser would read all text
 * after the quote, including ids, as that field.
 */
final class ClosedQuotes extends FilterReader {

    private enum Position {
        FIELD_START,
        UNQUOTED,
        QUOTED,
        AFTER_QUOTE
    }

    private final char separator;
    private Position position = Position.FIELD_START;
    private long line = 1;
    private long openedLine;

    ClosedQuotes(Reader in, char separator) {
        super(in);
        this.separator = separator;
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        int count = in.read(buffer, offset, length);
        if (count < 0 && position == Position.QUOTED) {
            throw new IOException("the quote opened in line " + openedLine + " is not closed");
        }
        for (int i = offset; i < offset + count; i++) {
            track(buffer[i]);
        }
        return count;
    }

    private void track(char c) {
        if (c == '"') {
            position = switch (position) {
                case FIELD_START -> {
                    openedLine = line;
                    yield Position.QUOTED;
                }
                case QUOTED -> Position.AFTER_QUOTE;
                case AFTER_QUOTE -> Position.QUOTED;
                case UNQUOTED -> Position.UNQUOTED;
            };
        } else if (position != Position.QUOTED) {
            position = c == separator || c == '\n' || c == '\r' ? Position.FIELD_START : Position.UNQUOTED;
        }
        if (c == '\n') {
            line++;
        }
    }
}
