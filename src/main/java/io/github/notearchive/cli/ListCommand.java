package io.github.notearchive.cli;

import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.query.NoteList;
import io.github.notearchive.archive.query.NoteList.ListedNote;
import io.github.notearchive.batch.ExitCode;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code list}: names the notes that match a filter. */
@Command(name = "list")
final class ListCommand extends JsonCommand {

    @Parameters(paramLabel = "FILTER", arity = "0..*")
    private List<String> terms = List.of();

    @Option(names = "--limit", paramLabel = "N")
    private int limit = 100;

    /** @param more whether more notes match */
    record Listed(String filter, int limit, boolean more, List<ListedNote> notes) {}

    @Override
    public Integer call() throws Exception {
        NoteFilter filter = filter(String.join(" ", terms));
        refuseIf(
                limit < 1 || limit == Integer.MAX_VALUE,
                "--limit must be from 1 to %d, but is %d".formatted(Integer.MAX_VALUE - 1, limit));
        return read(context -> {
            List<ListedNote> notes = context.get(NoteList.class).notes(filter, limit + 1);
            boolean isMore = notes.size() > limit;
            print(new Listed(filter.text(), limit, isMore, isMore ? notes.subList(0, limit) : notes), "list");
            return ExitCode.COMPLETED;
        });
    }
}
