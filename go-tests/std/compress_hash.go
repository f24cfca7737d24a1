// compress/gzip, compress/flate, archive/zip, hashes and ciphers, base64 and gob, over data made in the program.
package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"hash/fnv"
	"io/ioutil"
)

type record struct {
	Name string
	List []float64
	Map  map[string]int
	Next *record
}

func main() {
	data := make([]byte, 100000)
	for i := range data {
		data[i] = "the quick brown fox "[i%20] + byte(i/5000)
	}
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	zw.Write(data)
	zw.Close()
	fmt.Println(b.Len() < 10000)
	zr, err := gzip.NewReader(&b)
	back, err2 := ioutil.ReadAll(zr)
	fmt.Println(err, err2, bytes.Equal(data, back))
	b.Reset()
	lw := zlib.NewWriter(&b)
	lw.Write(data[:5000])
	lw.Close()
	lr, _ := zlib.NewReader(&b)
	back, err = ioutil.ReadAll(lr)
	fmt.Println(len(back), err)
	_, err = gzip.NewReader(bytes.NewReader([]byte("not gzip at all")))
	fmt.Println(err)
	b.Reset()
	aw := zip.NewWriter(&b)
	for _, n := range []string{"a.txt", "dir/b.txt"} {
		f, _ := aw.Create(n)
		fmt.Fprintf(f, "contents of %s", n)
	}
	aw.Close()
	ar, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	for _, f := range ar.File {
		r, _ := f.Open()
		s, err := ioutil.ReadAll(r)
		fmt.Println(f.Name, string(s), err)
	}
	fmt.Printf("%x\n%x\n%x\n%x\n", md5.Sum(data), sha1.Sum(data), sha256.Sum256(data), sha512.Sum512(data))
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write(data)
	fmt.Println(hex.EncodeToString(mac.Sum(nil)))
	h := fnv.New64a()
	h.Write(data)
	fmt.Println(crc32.ChecksumIEEE(data), crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)), adler32.Checksum(data), h.Sum64())
	block, _ := aes.NewCipher([]byte("0123456789abcdef"))
	ctr := cipher.NewCTR(block, make([]byte, 16))
	enc := make([]byte, 1000)
	ctr.XORKeyStream(enc, data[:1000])
	fmt.Printf("%x\n", sha256.Sum256(enc))
	gcm, _ := cipher.NewGCM(block)
	sealed := gcm.Seal(nil, make([]byte, 12), data[:100], []byte("extra"))
	open, err := gcm.Open(nil, make([]byte, 12), sealed, []byte("extra"))
	fmt.Println(len(sealed), err, bytes.Equal(open, data[:100]))
	sealed[0] ^= 1
	_, err = gcm.Open(nil, make([]byte, 12), sealed, []byte("extra"))
	fmt.Println(err)
	s := base64.StdEncoding.EncodeToString([]byte("any carnal pleas\xff"))
	d, err := base64.StdEncoding.DecodeString(s)
	fmt.Printf("%s %q %v\n", s, d, err)
	b.Reset()
	in := record{"n", []float64{1, 2.5}, map[string]int{"a": 1}, &record{Name: "inner"}}
	fmt.Println(gob.NewEncoder(&b).Encode(in))
	var out record
	fmt.Println(gob.NewDecoder(&b).Decode(&out), out.Name, out.List, out.Map, out.Next.Name)
	var hdr struct {
		A uint16
		B int32
		C [2]uint8
	}
	fmt.Println(binary.Read(bytes.NewReader([]byte{1, 2, 3, 4, 5, 6, 7, 8}), binary.BigEndian, &hdr), hdr)
}
