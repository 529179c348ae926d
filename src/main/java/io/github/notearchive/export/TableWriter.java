package io.github.notearchive.export;

import java.io.IOException;

/** Writes the rows of one table to one file. Closed once, also after a failure. */
interface TableWriter extends AutoCloseable {

    void write(Row row) throws IOException;

    @Override
    void close() throws IOException;
}
