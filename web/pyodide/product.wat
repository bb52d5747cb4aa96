;; The matrix product of float32 arrays, as the inner loop of NumPy's `matmul`. With float64 in the
;; place of float32, and half as many columns in a register, it is that of float64 arrays, too: see
;; `product_libraries` in tito/site/wheel.py.
;;
;; NumPy for Pyodide has no BLAS, and its own loop takes one number at a time. This one takes four
;; rows and eight columns at a time: their 32 sums stay in eight SIMD registers, while a column of
;; the four rows of A is multiplied with a row of eight columns of B.
;;
;;   - A panel of B, COLUMNS columns of up to DEPTH rows, is copied side by side first. So B may have
;;     any strides, as a transposed matrix has, and is read in order.
;;   - Beyond the last column the panel holds zeros, and the last row of A stands in for rows beyond
;;     it. What comes of either is worked out and thrown away, which is simpler than another loop.
;;
;; It is a shared library as Emscripten has them: `dylink.0` asks for the memory of a panel and of a
;; tile, whose address is then `__memory_base`.
(module
  ;; memory: 8 * 4 * 512 + 4 * 8 * 4 = 16,512 bytes, aligned to 2^4; no table
  (@custom "dylink.0" (before first) "\01\06\80\81\01\04\00\00")
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $panel i32))

  (global $BYTES i32 (i32.const 4))         ;; of a number
  (global $COLUMNS i32 (i32.const 8))       ;; of a panel, in 32 bytes
  (global $DEPTH i32 (i32.const 512))       ;; rows of a panel
  (global $TILE i32 (i32.const 16384))      ;; bytes from the panel to the tile

  ;; Copies `depth` rows of a panel's columns from B; `columns` of them are there.
  (func $pack (param $b i32) (param $down i32) (param $right i32) (param $depth i32) (param $columns i32)
    (local $to i32) (local $column i32) (local $p i32) (local $from i32)
    (local.set $to (global.get $panel))
    (block $packed
      (loop $rows
        (br_if $packed (i32.eqz (local.get $depth)))
        (local.set $column (i32.const 0))
        (local.set $from (local.get $b))
        (loop $row
          (f32.store (local.get $to)
            (if (result f32) (i32.lt_s (local.get $column) (local.get $columns))
              (then (f32.load (local.get $from)))
              (else (f32.const 0))))
          (local.set $to (i32.add (local.get $to) (global.get $BYTES)))
          (local.set $from (i32.add (local.get $from) (local.get $right)))
          (local.set $column (i32.add (local.get $column) (i32.const 1)))
          (br_if $row (i32.lt_s (local.get $column) (global.get $COLUMNS))))
        (local.set $b (i32.add (local.get $b) (local.get $down)))
        (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
        (br $rows)))
  )

  ;; Multiplies four rows of A, which begin at a0 to a3, with the panel, into the tile.
  (func $multiply (param $a0 i32) (param $a1 i32) (param $a2 i32) (param $a3 i32) (param $right i32)
                  (param $depth i32)
    (local $b i32) (local $end i32) (local $tile i32)
    (local $left v128) (local $rest v128) (local $x v128)
    (local $c00 v128) (local $c01 v128) (local $c10 v128) (local $c11 v128)
    (local $c20 v128) (local $c21 v128) (local $c30 v128) (local $c31 v128)
    (local.set $b (global.get $panel))
    (local.set $end (i32.add (local.get $b) (i32.shl (local.get $depth) (i32.const 5))))
    (block $done
      (loop $deeper
        (br_if $done (i32.ge_u (local.get $b) (local.get $end)))
        (local.set $left (v128.load (local.get $b)))
        (local.set $rest (v128.load offset=16 (local.get $b)))
        (local.set $x (v128.load32_splat (local.get $a0)))
        (local.set $c00 (f32x4.add (local.get $c00) (f32x4.mul (local.get $x) (local.get $left))))
        (local.set $c01 (f32x4.add (local.get $c01) (f32x4.mul (local.get $x) (local.get $rest))))
        (local.set $x (v128.load32_splat (local.get $a1)))
        (local.set $c10 (f32x4.add (local.get $c10) (f32x4.mul (local.get $x) (local.get $left))))
        (local.set $c11 (f32x4.add (local.get $c11) (f32x4.mul (local.get $x) (local.get $rest))))
        (local.set $x (v128.load32_splat (local.get $a2)))
        (local.set $c20 (f32x4.add (local.get $c20) (f32x4.mul (local.get $x) (local.get $left))))
        (local.set $c21 (f32x4.add (local.get $c21) (f32x4.mul (local.get $x) (local.get $rest))))
        (local.set $x (v128.load32_splat (local.get $a3)))
        (local.set $c30 (f32x4.add (local.get $c30) (f32x4.mul (local.get $x) (local.get $left))))
        (local.set $c31 (f32x4.add (local.get $c31) (f32x4.mul (local.get $x) (local.get $rest))))
        (local.set $a0 (i32.add (local.get $a0) (local.get $right)))
        (local.set $a1 (i32.add (local.get $a1) (local.get $right)))
        (local.set $a2 (i32.add (local.get $a2) (local.get $right)))
        (local.set $a3 (i32.add (local.get $a3) (local.get $right)))
        (local.set $b (i32.add (local.get $b) (i32.const 32)))
        (br $deeper)))
    (local.set $tile (i32.add (global.get $panel) (global.get $TILE)))
    (v128.store (local.get $tile) (local.get $c00))
    (v128.store offset=16 (local.get $tile) (local.get $c01))
    (v128.store offset=32 (local.get $tile) (local.get $c10))
    (v128.store offset=48 (local.get $tile) (local.get $c11))
    (v128.store offset=64 (local.get $tile) (local.get $c20))
    (v128.store offset=80 (local.get $tile) (local.get $c21))
    (v128.store offset=96 (local.get $tile) (local.get $c30))
    (v128.store offset=112 (local.get $tile) (local.get $c31))
  )

  ;; Writes the tile to C, or adds it to what is there.
  (func $hand_out (param $c i32) (param $down i32) (param $right i32) (param $rows i32) (param $columns i32)
                  (param $adds i32)
    (local $from i32) (local $to i32) (local $column i32)
    (local.set $from (i32.add (global.get $panel) (global.get $TILE)))
    (loop $row
      (local.set $to (local.get $c))
      (local.set $column (i32.const 0))
      (loop $number
        (f32.store (local.get $to)
          (if (result f32) (local.get $adds)
            (then (f32.add (f32.load (local.get $to))
                           (f32.load (i32.add (local.get $from) (i32.mul (local.get $column) (global.get $BYTES))))))
            (else (f32.load (i32.add (local.get $from) (i32.mul (local.get $column) (global.get $BYTES)))))))
        (local.set $to (i32.add (local.get $to) (local.get $right)))
        (local.set $column (i32.add (local.get $column) (i32.const 1)))
        (br_if $number (i32.lt_s (local.get $column) (local.get $columns))))
      (local.set $c (i32.add (local.get $c) (local.get $down)))
      (local.set $from (i32.add (local.get $from) (i32.const 32)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br_if $row (local.get $rows)))
  )

  (func $least (param $x i32) (param $y i32) (result i32)
    (select (local.get $x) (local.get $y) (i32.lt_s (local.get $x) (local.get $y))))

  ;; C = A @ B for one pair of matrices: m rows, k in between, n columns, and strides in bytes.
  (func $one (param $a i32) (param $b i32) (param $c i32) (param $m i32) (param $k i32) (param $n i32)
             (param $a_down i32) (param $a_right i32) (param $b_down i32) (param $b_right i32)
             (param $c_down i32) (param $c_right i32)
    (local $i i32) (local $j i32) (local $p i32) (local $depth i32) (local $columns i32) (local $rows i32)
    (local $row i32) (local $last i32)
    (if (i32.or (i32.eqz (local.get $m)) (i32.eqz (local.get $n))) (then (return)))
    (loop $panels_down
      (local.set $depth (call $least (i32.sub (local.get $k) (local.get $p)) (global.get $DEPTH)))
      (local.set $j (i32.const 0))
      (loop $panels_right
        (local.set $columns (call $least (i32.sub (local.get $n) (local.get $j)) (global.get $COLUMNS)))
        (call $pack
          (i32.add (local.get $b) (i32.add (i32.mul (local.get $p) (local.get $b_down))
                                           (i32.mul (local.get $j) (local.get $b_right))))
          (local.get $b_down) (local.get $b_right) (local.get $depth) (local.get $columns))
        (local.set $i (i32.const 0))
        (loop $rows
          (local.set $rows (call $least (i32.sub (local.get $m) (local.get $i)) (i32.const 4)))
          (local.set $last (i32.sub (local.get $rows) (i32.const 1)))
          (local.set $row
            (i32.add (local.get $a) (i32.add (i32.mul (local.get $i) (local.get $a_down))
                                             (i32.mul (local.get $p) (local.get $a_right)))))
          (call $multiply
            (local.get $row)
            (i32.add (local.get $row) (i32.mul (local.get $a_down) (call $least (i32.const 1) (local.get $last))))
            (i32.add (local.get $row) (i32.mul (local.get $a_down) (call $least (i32.const 2) (local.get $last))))
            (i32.add (local.get $row) (i32.mul (local.get $a_down) (call $least (i32.const 3) (local.get $last))))
            (local.get $a_right) (local.get $depth))
          (call $hand_out
            (i32.add (local.get $c) (i32.add (i32.mul (local.get $i) (local.get $c_down))
                                             (i32.mul (local.get $j) (local.get $c_right))))
            (local.get $c_down) (local.get $c_right) (local.get $rows) (local.get $columns) (local.get $p))
          (local.set $i (i32.add (local.get $i) (i32.const 4)))
          (br_if $rows (i32.lt_s (local.get $i) (local.get $m))))
        (local.set $j (i32.add (local.get $j) (global.get $COLUMNS)))
        (br_if $panels_right (i32.lt_s (local.get $j) (local.get $n))))
      (local.set $p (i32.add (local.get $p) (global.get $DEPTH)))
      (br_if $panels_down (i32.lt_s (local.get $p) (local.get $k))))
  )

  ;; The signature of NumPy's inner loops: addresses of A, B and C; how many pairs, m, k, n; then
  ;; strides, from pair to pair for A, B and C, and from row to row and column to column for each.
  (func (export "product") (param $arrays i32) (param $sizes i32) (param $strides i32) (param $unused i32)
    (local $pair i32)
    (block $done
      (loop $pairs
        (br_if $done (i32.ge_s (local.get $pair) (i32.load (local.get $sizes))))
        (call $one
          (i32.add (i32.load (local.get $arrays))
                   (i32.mul (local.get $pair) (i32.load (local.get $strides))))
          (i32.add (i32.load offset=4 (local.get $arrays))
                   (i32.mul (local.get $pair) (i32.load offset=4 (local.get $strides))))
          (i32.add (i32.load offset=8 (local.get $arrays))
                   (i32.mul (local.get $pair) (i32.load offset=8 (local.get $strides))))
          (i32.load offset=4 (local.get $sizes))
          (i32.load offset=8 (local.get $sizes))
          (i32.load offset=12 (local.get $sizes))
          (i32.load offset=12 (local.get $strides)) (i32.load offset=16 (local.get $strides))
          (i32.load offset=20 (local.get $strides)) (i32.load offset=24 (local.get $strides))
          (i32.load offset=28 (local.get $strides)) (i32.load offset=32 (local.get $strides)))
        (local.set $pair (i32.add (local.get $pair) (i32.const 1)))
        (br $pairs))))
)
