// Reads a ledger by HTTP with Go's own sumdb packages, which know nothing of Vigie: note for the signature, tlog for the
// tree and its proofs. Prints what it verified; exits 1 at the first thing wrong.
//
//	verify PREFIX [KEY [OLD_CHECKPOINT_FILE [AUDITOR_KEY]]]
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var prefix = os.Args[1]

func check(err error) {
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
}

func get(path, key string) []byte {
	request, err := http.NewRequest("GET", prefix+"/"+path, nil)
	check(err)
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(request)
	check(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	check(err)
	if answer.StatusCode != 200 {
		check(fmt.Errorf("%s: %s", path, answer.Status))
	}
	return data
}

// tiles reads C2SP tiles: the same as sumdb's of height 8, whose path begins with that height.
type tiles map[tlog.Tile][]byte

func (tiles) Height() int { return 8 }

func (known tiles) ReadTiles(wanted []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range wanted {
		if known[tile] == nil {
			known[tile] = get("tile/"+strings.TrimPrefix(tile.Path(), "tile/8/"), "")
		}
		data = append(data, known[tile])
	}
	return data, nil
}

// SaveTiles is told which tiles were verified; ReadTiles keeps them all the same.
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func open(text string, verifier note.Verifier) tlog.Tree {
	signed, err := note.Open([]byte(text), note.VerifierList(verifier))
	check(err)
	lines := strings.Split(signed.Text, "\n")
	var size int64
	_, err = fmt.Sscan(lines[1], &size)
	check(err)
	root, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: root}
}

func main() {
	key := strings.TrimSpace(string(get("key", "")))
	if len(os.Args) > 2 {
		key = os.Args[2]
	}
	verifier, err := note.NewVerifier(key)
	check(err)
	tree := open(string(get("checkpoint", "")), verifier)
	reader := tlog.TileHashReader(tree, tiles{})
	root, err := tlog.TreeHash(tree.N, reader)
	check(err)
	if root != tree.Hash {
		check(fmt.Errorf("the tiles give another root"))
	}
	proofs, step := 0, tree.N/300+1
	for n := int64(0); n < tree.N; n += step {
		proofs++
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		check(err)
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		check(err)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, n, hashes[0]))
	}
	fmt.Println("checkpoint", tree.N, "proofs", proofs)
	if len(os.Args) > 3 {
		text, err := os.ReadFile(os.Args[3])
		check(err)
		old := open(string(text), verifier)
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
		fmt.Println("extends", old.N)
	}
	if len(os.Args) > 4 {
		count := int64(0)
		for first := int64(0); first < tree.N; first += 256 {
			tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: 256}
			if tree.N-first < 256 {
				tile.W = int(tree.N - first)
			}
			data := get(strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1), os.Args[4])
			for len(data) > 0 {
				length := binary.BigEndian.Uint16(data)
				hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, count)})
				check(err)
				if tlog.RecordHash(data[2:2+length]) != hashes[0] {
					check(fmt.Errorf("entry %d is not the one that was hashed", count))
				}
				data = data[2+length:]
				count++
			}
		}
		fmt.Println("entries", count)
	}
}
