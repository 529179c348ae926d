package io.github.notearchive.ledger;

import io.github.notearchive.ArchiveDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What each test of the ledger begins with: an empty {@link Book}, and its parts by their names. */
abstract class LedgerFixture {

    @TempDir
    Path directory;

    Book book;
    ArchiveDatabase database;
    UnwrittenAnswers unwritten;
    ApiCalls calls;
    CallHistory history;
    PaidAnswers answers;
    CallTotals totals;

    @BeforeEach
    void begin() {
        book = new Book(directory.resolve("answers"));
        database = book.database;
        unwritten = book.unwritten;
        calls = book.calls;
        history = book.history;
        answers = book.answers;
        totals = book.totals;
    }
}
