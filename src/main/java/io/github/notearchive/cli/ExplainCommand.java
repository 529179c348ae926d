package io.github.notearchive.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.github.notearchive.archive.catalog.MediaCatalog;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.SlotRow;
import io.github.notearchive.archive.query.NoteStats;
import io.github.notearchive.archive.query.NoteView.NoteFile;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRepository;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.VideoProperties;
import io.github.notearchive.report.NoteHistories;
import io.github.notearchive.report.Texts;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code explain}: shows the history of a note. */
@Command(name = "explain")
final class ExplainCommand extends JsonCommand {

    @Parameters(paramLabel = "NOTE_ID")
    private String note = "";

    /** Result, and what only the text shows: the slots, and whether videos are bought. */
    record Explained(
            String note,
            NoteState state,
            List<String> next,
            List<NoteHistories.HistoryEvent> story,
            WorklistEntry worklist,
            @Nullable Instant requeuedAt,
            NoteCatalog.@Nullable NoteLine captured,
            List<NoteStats.CallEntry> calls,
            List<NoteFile> files,
            @JsonIgnore List<SlotRow> slots,
            @JsonIgnore boolean videosAreBought) {

        boolean isListed(SlotRow slot) {
            return files.stream()
                    .filter(file -> file.kind() == slot.kind() && file.ordinal() == slot.ordinal())
                    .allMatch(NoteFile::isListed);
        }
    }

    record Future(WorklistEntry entry, List<SlotRow> slots, List<NoteFile> files) {}

    @Override
    public Integer call() throws Exception {
        NoteId id = noteId(note);
        return read(context -> {
            WorklistEntry entry = context.get(WorklistRepository.class).find(id).orElseThrow(() -> {
                requireNotErased(context.get(ErasureList.class), id);
                return CommandFailure.usage(
                        "note " + id + " is not on the worklist; enqueue it with: note-archive enqueue " + id);
            });
            List<SlotRow> slots = context.get(MediaCatalog.class).slotsOf(id);
            NoteHistories.History history = context.get(NoteHistories.class).of(entry, Texts.of("en"));
            Explained explained = new Explained(
                    id.value(),
                    entry.state(),
                    ConsoleText.render("explain-next", new Future(entry, slots, history.files()))
                            .lines()
                            .toList(),
                    history.events(),
                    entry,
                    history.requeuedAt(),
                    context.get(NoteCatalog.class).find(id).orElse(null),
                    context.get(NoteStats.class).calls(id),
                    history.files(),
                    slots,
                    context.get(VideoProperties.class).enabled());
            print(explained, "explain");
            return ExitCode.COMPLETED;
        });
    }
}
