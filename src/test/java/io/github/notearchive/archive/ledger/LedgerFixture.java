package io.github.notearchive.archive.ledger;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.stats.CallTotals;
import io.github.notearchive.archive.stats.NoteStats;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Base of ledger tests: an empty {@link Book} and its parts. */
public abstract class LedgerFixture {

    @TempDir
    Path directory;

    public Book book;
    ArchiveDatabase database;
    ResponseSpool spool;
    public CallRepository calls;
    NoteStats history;
    PaidResponses responses;
    public CallTotals totals;

    @BeforeEach
    void begin() {
        book = new Book(directory.resolve("answers"));
        database = book.database;
        spool = book.spool;
        calls = book.calls;
        history = book.history;
        responses = book.responses;
        totals = book.totals;
    }
}
