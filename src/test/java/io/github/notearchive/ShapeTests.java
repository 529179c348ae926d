package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Limits the size of methods, records and constructors of the main code. */
class ShapeTests {

    private static final Path MAIN = Path.of("src", "main", "java");

    /** Records of more than 12 components. This list may only shrink. */
    private static final Map<String, Integer> WIDE_RECORDS = Map.ofEntries(
            Map.entry("NoteStats.CallEntry", 14),
            Map.entry("Eraser.ErasureReport", 13),
            Map.entry("NoteDetail.Note", 38),
            Map.entry("SlotRow.SlotRow", 14),
            Map.entry("RemapRunner.RemapSummary", 14),
            Map.entry("StatusCommand.Status", 14),
            Map.entry("VerifyRunner.VerifySummary", 18),
            Map.entry("WorklistRepository.WorklistEntry", 22));

    /** Classes with a constructor of more than 8 parameters. This list may only shrink. */
    private static final Map<String, Integer> WIDE_CONSTRUCTORS = Map.of();

    private static final Map<String, Integer> METHODS = new TreeMap<>();
    private static final Map<String, Integer> RECORDS = new TreeMap<>();
    private static final Map<String, Integer> CONSTRUCTORS = new TreeMap<>();

    @BeforeAll
    static void measure() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> tree = Files.walk(MAIN)) {
            List<Path> sources =
                    tree.filter(file -> file.toString().endsWith(".java")).toList();
            JavacTask task = (JavacTask) compiler.getTask(
                    null, files, null, List.of("-proc:none"), null, files.getJavaFileObjectsFromPaths(sources));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                new Measure(unit, positions).scan(unit, null);
            }
        }
    }

    @Test
    void methodsRecordsAndConstructorsAreShort() {
        assertThat(above(METHODS, 60)).as("methods").isEmpty();
        assertThat(above(RECORDS, 12)).as("records").containsExactlyInAnyOrderEntriesOf(WIDE_RECORDS);
        assertThat(above(CONSTRUCTORS, 8)).as("constructors").containsExactlyInAnyOrderEntriesOf(WIDE_CONSTRUCTORS);
    }

    private static Map<String, Integer> above(Map<String, Integer> sizes, int limit) {
        Map<String, Integer> above = new TreeMap<>(sizes);
        above.values().removeIf(size -> size <= limit);
        return above;
    }

    /** Records the sizes within a file. */
    private static final class Measure extends TreePathScanner<Void, Void> {

        private final CompilationUnitTree unit;
        private final SourcePositions positions;
        private final String file;

        Measure(CompilationUnitTree unit, SourcePositions positions) {
            this.unit = unit;
            this.positions = positions;
            this.file = unit.getSourceFile().getName().replaceAll(".*/|\\.java$", "");
        }

        private int lines(Tree tree) {
            LineMap lines = unit.getLineMap();
            long start = lines.getLineNumber(positions.getStartPosition(unit, tree));
            return (int) (lines.getLineNumber(positions.getEndPosition(unit, tree)) - start + 1);
        }

        @Override
        public Void visitClass(ClassTree type, Void none) {
            if (type.getKind() == Tree.Kind.RECORD) {
                long components = type.getMembers().stream()
                        .filter(member -> member.getKind() == Tree.Kind.VARIABLE)
                        .filter(member -> !member.toString().contains("static "))
                        .count();
                RECORDS.merge(file + "." + type.getSimpleName(), (int) components, Math::max);
            }
            return super.visitClass(type, none);
        }

        @Override
        public Void visitMethod(MethodTree method, Void none) {
            boolean isConstructor = method.getReturnType() == null;
            METHODS.merge(file + "." + method.getName(), lines(method), Math::max);
            if (isConstructor && getCurrentPath().getParentPath().getLeaf().getKind() != Tree.Kind.RECORD) {
                CONSTRUCTORS.merge(file, method.getParameters().size(), Math::max);
            }
            return super.visitMethod(method, none);
        }
    }
}
