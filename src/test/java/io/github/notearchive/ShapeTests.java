package io.github.notearchive;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Limits the lengths of methods and lines of the main code. */
class ShapeTests {

    private static final Path MAIN = Path.of("src", "main", "java");

    private static final Map<String, Integer> METHODS = new TreeMap<>();

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
    void methodsAreShort() {
        METHODS.values().removeIf(lines -> lines <= 60);

        assertThat(METHODS).isEmpty();
    }

    @Test
    void linesAreShort() throws IOException {
        List<String> longer = new ArrayList<>();
        try (Stream<Path> tree = Files.walk(MAIN)) {
            for (Path file :
                    tree.filter(file -> file.toString().endsWith(".java")).toList()) {
                Files.readAllLines(file).stream()
                        .filter(line -> line.codePointCount(0, line.length()) > 120)
                        .forEach(line -> longer.add(file + ": " + line.strip()));
            }
        }

        assertThat(longer).isEmpty();
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
        public Void visitMethod(MethodTree method, Void none) {
            METHODS.merge(file + "." + method.getName(), lines(method), Math::max);
            return super.visitMethod(method, none);
        }
    }
}
