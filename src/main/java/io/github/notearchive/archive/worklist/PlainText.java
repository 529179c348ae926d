package io.github.notearchive.archive.worklist;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/** Reader that fails at the first NUL character: the input is an image, a workbook, or text in UTF-16. */
final class PlainText extends FilterReader {

    PlainText(Reader in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        int c = in.read();
        if (c == 0) {
            throw noText();
        }
        return c;
    }

    @Override
    public int read(char[] buffer, int offset, int length) throws IOException {
        int count = in.read(buffer, offset, length);
        for (int i = offset; i < offset + count; i++) {
            if (buffer[i] == 0) {
                throw noText();
            }
        }
        return count;
    }

    private static IOException noText() {
        return new IOException("it is not UTF-8 text; save it as UTF-8 text or CSV");
    }
}
