package sqldb

import (
	"fmt"
	"math"
	"reflect"

	"zombiezen.com/go/sqlite"
)

// bind gives a statement an argument. SQLite keeps a copy.
func bind(s *sqlite.Stmt, i int, arg any) error {
	switch v := arg.(type) {
	case nil:
		s.BindNull(i)
	case string:
		s.BindText(i, v)
	case int64:
		s.BindInt64(i, v)
	case int:
		s.BindInt64(i, int64(v))
	case bool:
		s.BindBool(i, v)
	case float64:
		s.BindFloat(i, v)
	case []byte:
		if v == nil {
			s.BindNull(i)
		} else {
			s.BindBytes(i, v)
		}
	case *string:
		bindPointer(s, i, v, s.BindText)
	case *int64:
		bindPointer(s, i, v, s.BindInt64)
	default:
		return bindReflected(s, i, reflect.ValueOf(arg))
	}
	return nil
}

func bindPointer[T any](s *sqlite.Stmt, i int, v *T, bind func(int, T)) {
	if v == nil {
		s.BindNull(i)
	} else {
		bind(i, *v)
	}
}

func bindReflected(s *sqlite.Stmt, i int, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return bind(s, i, nil)
		}
		return bind(s, i, v.Elem().Interface())
	case reflect.String:
		return bind(s, i, v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return bind(s, i, v.Int())
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return bind(s, i, int64(v.Uint()))
	case reflect.Bool:
		return bind(s, i, v.Bool())
	case reflect.Float32, reflect.Float64:
		return bind(s, i, v.Float())
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return bind(s, i, v.Bytes())
		}
	}
	return fmt.Errorf("%s is no type of a value: see package sqldb", v.Type())
}

// scanColumn copies a column of the row that a statement stands on into the pointer dest. The types that rows have most
// go without a detour. A column without a destination is passed over.
func scanColumn(s *sqlite.Stmt, i int, dest any) error {
	if dest == nil {
		return nil
	}
	kind := s.ColumnType(i)
	switch d := dest.(type) {
	case *string:
		if kind == sqlite.TypeText {
			*d = s.ColumnText(i)
			return nil
		}
	case **string:
		switch kind {
		case sqlite.TypeNull:
			*d = nil
			return nil
		case sqlite.TypeText:
			v := s.ColumnText(i)
			*d = &v
			return nil
		}
	case *int64:
		if kind == sqlite.TypeInteger {
			*d = s.ColumnInt64(i)
			return nil
		}
	case *int:
		if kind == sqlite.TypeInteger {
			*d = s.ColumnInt(i)
			return nil
		}
	case *bool:
		if kind == sqlite.TypeInteger {
			*d = s.ColumnBool(i)
			return nil
		}
	case **int64:
		switch kind {
		case sqlite.TypeNull:
			*d = nil
			return nil
		case sqlite.TypeInteger:
			v := s.ColumnInt64(i)
			*d = &v
			return nil
		}
	}
	return assign(dest, columnValue(s, i, kind))
}

// columnValue is nil, an int64, a float64, a string or bytes that are the caller's.
func columnValue(s *sqlite.Stmt, i int, kind sqlite.ColumnType) any {
	switch kind {
	case sqlite.TypeInteger:
		return s.ColumnInt64(i)
	case sqlite.TypeFloat:
		return s.ColumnFloat(i)
	case sqlite.TypeText:
		return s.ColumnText(i)
	case sqlite.TypeBlob:
		b := make([]byte, s.ColumnLen(i))
		s.ColumnBytes(i, b)
		return b
	}
	return nil
}

// assign puts a value of a column where the pointer dest points.
func assign(dest, value any) error {
	p := reflect.ValueOf(dest)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("%T is no place to scan into: give a pointer", dest)
	}
	target := p.Elem()
	if target.Kind() == reflect.Pointer {
		return assignPointer(target, value)
	}
	switch v := value.(type) {
	case nil:
		if isBytes(target) {
			target.SetZero()
			return nil
		}
	case string:
		if target.Kind() == reflect.String {
			target.SetString(v)
			return nil
		}
		if isBytes(target) {
			target.SetBytes([]byte(v))
			return nil
		}
	case []byte:
		if isBytes(target) {
			target.SetBytes(v)
			return nil
		}
		if target.Kind() == reflect.String {
			target.SetString(string(v))
			return nil
		}
	case int64:
		return assignInteger(dest, target, v)
	case float64:
		if target.CanFloat() {
			target.SetFloat(v)
			return nil
		}
	}
	return cannotAssign(dest, value)
}

// assignPointer serves columns that may be NULL.
func assignPointer(target reflect.Value, value any) error {
	if value == nil {
		target.SetZero()
		return nil
	}
	fresh := reflect.New(target.Type().Elem())
	if err := assign(fresh.Interface(), value); err != nil {
		return err
	}
	target.Set(fresh)
	return nil
}

func isBytes(target reflect.Value) bool {
	return target.Kind() == reflect.Slice && target.Type().Elem().Kind() == reflect.Uint8
}

// assignInteger serves what SQLite stores as an integer: integers, booleans and floats without a fraction.
func assignInteger(dest any, target reflect.Value, v int64) error {
	switch {
	case target.CanInt() && !target.OverflowInt(v):
		target.SetInt(v)
	case target.CanUint() && v >= 0 && !target.OverflowUint(uint64(v)):
		target.SetUint(uint64(v))
	case target.Kind() == reflect.Bool:
		target.SetBool(v != 0)
	case target.CanFloat() && math.Abs(float64(v)) <= 1<<53:
		target.SetFloat(float64(v))
	default:
		return cannotAssign(dest, v)
	}
	return nil
}

func cannotAssign(dest, value any) error {
	if value == nil {
		return fmt.Errorf("NULL does not fit into %T: scan into a pointer to a pointer", dest)
	}
	return fmt.Errorf("%T does not fit into %T", value, dest)
}
