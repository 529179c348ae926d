package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Lists as the command reads them; their forms are tested with {@code Enqueuer}. */
@ExtendWith(OutsideServers.Running.class)
class EnqueueTests {

    private static String id(int number) {
        return "65fe2a8d%016x".formatted(number);
    }

    @Test
    void idsOfFilesArgumentsAndStandardInputAreEnqueuedOnce() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            String link = "https://www.xiaohongshu.com/explore/" + id(4);
            Path ids = practice.file("ids.txt", "\uFEFF" + id(1) + "\r\n" + id(2).toUpperCase() + "\r\n\r\n");
            Path csv = practice.file(
                    "named.csv", "title,Note_ID\n\"a, \"\"quoted\"\"\nname\"," + id(3) + "\nplain," + id(3) + "\n");
            String files = "enqueue %s %s %s --priority 7 --source spring".formatted(ids, csv, link);

            Ended lists = practice.call(files.split(" ")).with(0);
            Program piped = practice.start("enqueue", "-");
            try (OutputStream input = piped.input()) {
                input.write((id(5) + "\n" + id(4) + "\n").getBytes(StandardCharsets.UTF_8));
            }

            assertThat(lists.out().lines())
                    .containsExactly(ids + ": 2 new", csv + ": 1 new, 1 duplicate", link + ": 1 new");
            assertThat(practice.end(piped).with(0).out()).contains("standard input: 1 new, 1 already known");
            assertThat(archive.strings("SELECT note_id || ' ' || priority || ' ' || source FROM worklist ORDER BY 1"))
                    .containsExactly(
                            id(1) + " 7 spring",
                            id(2) + " 7 spring",
                            id(3) + " 7 spring",
                            id(4) + " 7 spring",
                            id(5) + " 5 enqueue");
            assertThat(archive.executions()).isEmpty();
        }
    }
}
