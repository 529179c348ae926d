package io.github.notearchive.archive.worklist;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/**
 * Lets CSV through and fails at its end when a quoted field is still open: the parser would take all that follows the
 * quote, ids included, for the text of that field.
 */
final class ClosedQuotes extends FilterReader {

    private enum Place {
        FIELD_START,
        UNQUOTED,
        QUOTED,
        AFTER_QUOTE
    }

    private final char separator;
    private Place place = Place.FIELD_START;
    private long line = 1;
    private long opened;

    ClosedQuotes(Reader in, char separator) {
        super(in);
        this.separator = separator;
    }

    @Override
    public int read() throws IOException {
        char[] one = new char[1];
        return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        int count = in.read(buffer, offset, length);
        if (count < 0 && place == Place.QUOTED) {
            throw new IOException("the quote that opens in line " + opened + " is never closed");
        }
        for (int i = offset; i < offset + count; i++) {
            see(buffer[i]);
        }
        return count;
    }

    private void see(char c) {
        if (c == '"') {
            place = switch (place) {
                case FIELD_START -> {
                    opened = line;
                    yield Place.QUOTED;
                }
                case QUOTED -> Place.AFTER_QUOTE;
                case AFTER_QUOTE -> Place.QUOTED;
                case UNQUOTED -> Place.UNQUOTED;
            };
        } else if (place != Place.QUOTED) {
            place = c == separator || c == '\n' || c == '\r' ? Place.FIELD_START : Place.UNQUOTED;
        }
        if (c == '\n') {
            line++;
        }
    }
}
